import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Event } from "../../shared/contract/events.ts";
import type { DetectionSettings } from "../../shared/contract/detection-settings.ts";
import type { DetectionSettingsId, SeriesId } from "../../shared/contract/ids.ts";
import type { SeriesKind } from "../../shared/contract/series.ts";
import { decodeState } from "../../shared/core/detect/state-codec.ts";
import { quietPoints } from "../../shared/testing/detection.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import event from "./event.ts";

const MINUTE = 60_000;
const TOKYO = { timezone: "Asia/Tokyo" };

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const tenant = () => harness.deps.store.forOrg(harness.org);
const ingested = async () => {
  const [row] = await harness.database.read("SELECT coalesce(max(seq), 0) AS seq FROM write_log", {});
  return testEvent("metrics.ingested", harness.org, { seq: row!["seq"] as number, n: 1, from: 0, to: 0 });
};
const detect = async () => harness.deliver(event, await ingested());
const requested = (...series: SeriesId[]): Event => testEvent("detection.relearn-requested", harness.org, { series });
const asked = () => harness.committed.filter(({ type }) => type === "detection.relearn-requested");
const recordOf = async (series: SeriesId) => (await tenant().detection.states([series]))[0]!;
const zoneOf = async (series: SeriesId) => {
  const decoded = decodeState((await recordOf(series)).state);
  return decoded.ok ? decoded.value.timezone : decoded.error;
};
const say = async (settings: DetectionSettings, series: SeriesId, relearn = false) => {
  const { version } = await tenant().detectionSettings.ofSeries(series);
  await tenant().detectionSettings.replaceOfSeries(series, settings, { was: version, relearn, at: START });
};
const call = async (series: SeriesId, kind: SeriesKind) => {
  const present = (await tenant().series.get(series))!;
  await tenant().series.update({ ...present, kind }, present);
};
/** Two weeks of hours in a daily rhythm, up to START; as a counter, that many requests an hour. */
const hours = (n = 336, until = START) =>
  quietPoints(n, { until: 0 }).map(([, value], row): [number, number] => [
    until - (n - 1 - row) * 60 * MINUTE,
    value + 20 * Math.sin((row / 12) * Math.PI),
  ]);

describe("a series that is asked to be learned anew", () => {
  test("gets the state that it would have, had it always been by what holds now; all else of it stays", async () => {
    const [cpu, load] = [await harness.store("cpu", hours()), await harness.store("load", hours())];
    await say(TOKYO, load);
    await detect();
    const before = await recordOf(cpu);
    await say(TOKYO, cpu, true);
    expect(asked()).toMatchObject([{ org: harness.org, data: { series: [cpu] } }]);
    await harness.deliver(event, asked()[0]!);
    expect(await recordOf(cpu)).toEqual({ ...before, version: before.version + 1, state: (await recordOf(load)).state });
    expect(before.state).not.toEqual((await recordOf(load)).state);
  });

  test("by what held before comes to the state that it has; so does an event that is delivered again", async () => {
    const cpu = await harness.store("cpu", quietPoints(300, { spikes: [START - 20 * MINUTE, START] }));
    await detect();
    const before = await recordOf(cpu);
    expect(before.open).toBe("live");
    harness.committed.length = 0;
    for (const version of [2, 3]) {
      await harness.deliver(event, requested(cpu));
      expect(await recordOf(cpu)).toEqual({ ...before, version });
    }
    expect(harness.committed).toEqual([]);
  });

  test("is learned up to what it is scored to: neither what came in since, nor what lies ahead", async () => {
    const cpu = await harness.store("cpu", hours());
    await detect();
    const before = await recordOf(cpu);
    await harness.store("cpu", hours(3, START + 3 * 60 * MINUTE));
    await harness.deliver(event, requested(cpu));
    expect(await recordOf(cpu)).toEqual({ ...before, version: 2 });
  });

  test("is learned from its rates where it is a counter", async () => {
    let total = 0;
    const counts = hours().map(([timestamp, value]): [number, number] => [timestamp, (total += 3_600 * value)]);
    const cpu = await harness.store("requests", counts.slice(0, 1));
    await call(cpu, "counter");
    await harness.store("requests", counts.slice(1));
    await detect();
    const before = await recordOf(cpu);
    await harness.deliver(event, requested(cpu));
    expect(await recordOf(cpu)).toEqual({ ...before, version: 2 });
  });

  test("stays as it is where there is nothing to learn it from: never scored, or not there", async () => {
    const cpu = await harness.store("cpu", hours());
    await harness.deliver(event, requested(cpu, harness.deps.newId("ser")));
    expect(await harness.database.read("SELECT * FROM detector_state", {})).toEqual([]);
    await detect();
    const before = await recordOf(cpu);
    await harness.deliver(event, testEvent("detection.relearn-requested", harness.otherOrg, { series: [cpu] }));
    expect(await recordOf(cpu)).toEqual(before);
  });

  test("is learned again where live detection has moved it meanwhile: nothing of either is lost", async () => {
    const [cpu, load] = [await harness.store("cpu", hours()), await harness.store("load", hours())];
    await say(TOKYO, load);
    await detect();
    await say(TOKYO, cpu);
    const { write } = harness.database;
    let overtaken = false;
    const overtaking: typeof write = async (statements) => {
      if (!overtaken && statements.some(({ sql }) => sql.includes("detector_state"))) {
        overtaken = true;
        // Its lease has run out.
        harness.clock.advance(60 * MINUTE);
        for (const metric of ["cpu", "load"]) await harness.store(metric, hours(2, START + 60 * MINUTE));
        await detect();
      }
      return write(statements);
    };
    Object.assign(harness.database, { write: overtaking });
    await harness.deliver(event, requested(cpu));
    expect(overtaken).toBe(true);
    const [mine, other] = [await recordOf(cpu), await recordOf(load)];
    expect(mine).toMatchObject({ scoredTo: START + 60 * MINUTE, seq: other.seq });
    expect(mine.state).toEqual(other.state);
  });

  test("waits while somebody else is at the organisation, and the lease is given back", async () => {
    const cpu = await harness.store("cpu", hours());
    await detect();
    const { leases } = harness.deps.store.platform;
    await leases.acquire(`detect:${harness.org}`, "another", START + MINUTE, START);
    await expect(harness.deliver(event, requested(cpu))).rejects.toMatchObject({ retryable: true });
    await leases.release(`detect:${harness.org}`, "another");
    await harness.deliver(event, requested(cpu));
    expect(await leases.acquire(`detect:${harness.org}`, "another", START + MINUTE, START)).toBe(true);
  });

  test("is asked for again where there is no time left", async () => {
    const ids = [];
    for (const host of ["a", "b", "c"]) ids.push(await harness.store("cpu", hours(50), { host }));
    await detect();
    harness.committed.length = 0;
    const { write } = harness.database;
    const slow: typeof write = async (statements) => {
      if (statements.some(({ sql }) => sql.includes("detector_state"))) harness.clock.advance(200_000);
      return write(statements);
    };
    Object.assign(harness.database, { write: slow });
    await harness.deliver(event, requested(...ids));
    Object.assign(harness.database, { write });
    expect(asked()).toMatchObject([{ data: { series: ids.slice(1) } }]);
    await harness.deliver(event, asked()[0]!);
    expect(await Promise.all(ids.map(async (id) => (await recordOf(id)).version))).toEqual([2, 2, 2]);
  });

  test("leaves the process to others after each thousand points", async () => {
    const cpu = await harness.store("cpu", quietPoints(4_000));
    await detect();
    let [turns, working] = [0, true];
    const others = (async () => {
      for (; working; turns++) await new Promise((resolve) => setImmediate(resolve));
    })();
    await harness.deliver(event, requested(cpu)).finally(() => (working = false));
    await others;
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});

describe("a series that is said to be of another kind", () => {
  /** A counter of that many requests an hour. */
  const counts = () => {
    let total = 0;
    return hours().map(([timestamp, value]): [number, number] => [timestamp, (total += 3_600 * value)]);
  };
  const alwaysCounted = async () => {
    const other = await harness.store("always", counts().slice(0, 1));
    await call(other, "counter");
    await harness.store("always", counts().slice(1));
    return other;
  };

  test("is learned as that from its points, and as what it was when that is taken back", async () => {
    const [cpu, other] = [await harness.store("requests", counts()), await alwaysCounted()];
    await detect();
    const before = await recordOf(cpu);
    await call(cpu, "counter");
    await harness.deliver(event, requested(cpu));
    const [mine, theirs] = [await recordOf(cpu), await recordOf(other)];
    expect(mine).toMatchObject({ counted: theirs.counted, scoredTo: START });
    expect(mine.state).toEqual(theirs.state);
    await call(cpu, "gauge");
    await harness.deliver(event, requested(cpu));
    expect(await recordOf(cpu)).toMatchObject({ counted: null, state: before.state });
  });

  test("asks for it itself where its next points come first", async () => {
    const [cpu, other] = [await harness.store("requests", counts()), await alwaysCounted()];
    await detect();
    await call(cpu, "counter");
    const next: [number, number] = [START + 60 * MINUTE, counts().at(-1)![1] + 3_600 * 50];
    harness.clock.set(next[0]);
    for (const metric of ["requests", "always"]) await harness.store(metric, [next]);
    await detect();
    expect(asked()).toMatchObject([{ data: { series: [cpu] } }]);
    await harness.deliver(event, asked()[0]!);
    expect((await recordOf(cpu)).state).toEqual((await recordOf(other)).state);
  });
});

describe("history that comes after newer points", () => {
  const live = () => quietPoints(180);
  const history = (from: number, to: number) => quietPoints(3_000, { until: START - 180 * MINUTE }).slice(from, to);
  const comes = async (metric: string, ...points: [number, number][]) => {
    await harness.store(metric, points);
    await detect();
  };

  test("is learned in the end as if it had come before them, and nothing of it is an anomaly", async () => {
    const load = await harness.store("load", [...history(0, 3_000), ...live()]);
    const cpu = await harness.store("cpu", live());
    await detect();
    await comes("cpu", ...history(0, 1_000).map(([at, value]): [number, number] => [at, 3 * value]), ...history(0, 1_000));
    expect(asked()).toMatchObject([{ data: { series: [cpu] } }]);
    await harness.deliver(event, asked()[0]!);

    await comes("cpu", ...history(1_000, 2_000));
    await comes("cpu", ...history(2_000, 3_000));
    // Not again within the same minute.
    expect(asked().length).toBe(1);
    const next = quietPoints(1, { until: START + MINUTE });
    harness.clock.set(START + MINUTE);
    for (const metric of ["load", "cpu"]) await comes(metric, ...next);
    expect(asked().length).toBe(2);
    await harness.deliver(event, asked()[1]!);
    expect((await recordOf(cpu)).state).toEqual((await recordOf(load)).state);
    expect(await recordOf(cpu)).toMatchObject({ unlearned: 0, relearnAskedAt: START + MINUTE });
    expect(await tenant().anomalies.forSeries([cpu], { after: 0 })).toEqual([]);

    await comes("cpu", ...quietPoints(1, { until: START + 2 * MINUTE }));
    expect(asked().length).toBe(2);
  });

  test("and is little of what is known is not worth it: it stays unlearned until there is more", async () => {
    const cpu = await harness.store("cpu", quietPoints(180, { until: START }));
    await detect();
    await comes("cpu", ...history(0, 99));
    expect(asked()).toEqual([]);
    expect((await recordOf(cpu)).unlearned).toBe(99);
    await comes("cpu", ...history(99, 100));
    expect(asked().length).toBe(1);
  });

  test("is learned too where there was but one point before it", async () => {
    const cpu = await harness.store("cpu", live().slice(-1));
    await detect();
    await comes("cpu", ...history(0, 1_000));
    expect(asked()).toMatchObject([{ data: { series: [cpu] } }]);
  });

  test("is not asked for where it is older than what would be learned", async () => {
    await harness.store("cpu", live());
    await detect();
    await comes("cpu", ...quietPoints(200, { until: START - 30_000 * MINUTE }));
    expect(asked()).toEqual([]);
  });
});

describe("series whose clock is another now", () => {
  const select = (timezone: string) => {
    const definition = { name: "Zone", selector: { metricKey: "cpu", matchers: [] }, settings: { timezone }, priority: 0 };
    const id = harness.deps.newId<DetectionSettingsId>("dse");
    return tenant().detectionSettings.insert({ id, version: 1, definition, createdAt: START, updatedAt: START });
  };
  const come = async (metric: string, hosts: readonly string[], hour: number) => {
    const until = START + hour * 60 * MINUTE;
    harness.clock.set(until);
    for (const host of hosts) await harness.store(metric, hours(1, until), { host });
  };

  test("are learned anew by it when their next points come, those of others stay; the state is that of a series that always was by it", async () => {
    const [cpu, load] = [await harness.store("cpu", hours(), { host: "a" }), await harness.store("load", hours(), { host: "a" })];
    await say(TOKYO, load);
    await detect();
    await select("Asia/Tokyo");
    expect(await zoneOf(cpu)).toBe("UTC");
    for (const hour of [1, 2]) {
      for (const metric of ["cpu", "load"]) await come(metric, ["a"], hour);
      await detect();
    }
    expect((await recordOf(cpu)).state).toEqual((await recordOf(load)).state);
    expect(await recordOf(cpu)).toMatchObject({ version: 3, scoredTo: START + 120 * MINUTE });
    expect(asked()).toEqual([]);
  });

  test("do not stand in the way of others where one cannot be learned: it is scored by its old one, and said so", async () => {
    const [cpu, load] = [await harness.store("cpu", hours(), { host: "a" }), await harness.store("cpu", hours(), { host: "b" })];
    await detect();
    await select("Asia/Tokyo");
    await come("cpu", ["a", "b"], 1);
    const { read } = harness.database;
    let isBroken = true;
    const broken: typeof read = async (sql, args) => {
      if (isBroken && sql.includes("t_max >= :from")) {
        isBroken = false;
        throw new TypeError("A chunk is broken");
      }
      return read(sql, args);
    };
    Object.assign(harness.database, { read: broken });
    await detect();
    Object.assign(harness.database, { read });
    const zones = await Promise.all([cpu, load].map(zoneOf));
    expect(new Set(zones)).toEqual(new Set(["Asia/Tokyo", "UTC"]));
    const left = zones[0] === "UTC" ? cpu : load;
    expect(harness.warnings).toEqual([`Detection cannot learn a series anew: ${left}: TypeError: A chunk is broken`]);
    for (const series of [cpu, load]) expect((await recordOf(series)).scoredTo).toBe(START + 60 * MINUTE);
    await come("cpu", ["a", "b"], 2);
    await detect();
    expect(await zoneOf(left)).toBe("Asia/Tokyo");
  });

  test("are learned some at a pass where they are many, and scored by their old one until then", async () => {
    const hosts = Array.from({ length: 150 }, (_, host) => String(host));
    const ids: SeriesId[] = [];
    for (const host of hosts) ids.push(await harness.store("cpu", hours(2), { host }));
    await detect();
    await select("Asia/Tokyo");
    const zones = async () => Map.groupBy(await Promise.all(ids.map(zoneOf)), String);
    await come("cpu", hosts, 1);
    await detect();
    expect((await zones()).get("Asia/Tokyo")!.length).toBe(Math.ceil(60_000 / 502));
    expect(await Promise.all(ids.map(async (id) => (await recordOf(id)).scoredTo))).toEqual(ids.map(() => START + 60 * MINUTE));
    await come("cpu", hosts, 2);
    await detect();
    expect([...(await zones()).keys()]).toEqual(["Asia/Tokyo"]);
  });
});
