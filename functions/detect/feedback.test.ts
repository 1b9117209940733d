import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Anomaly } from "../../shared/contract/anomaly.ts";
import type { SeriesId } from "../../shared/contract/ids.ts";
import { METHODS } from "../../shared/core/detect/methods.ts";
import { decodeState } from "../../shared/core/detect/state-codec.ts";
import { quietPoints } from "../../shared/testing/detection.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import event from "./event.ts";
import { getAnomaly } from "./get-anomaly.ts";
import { giveFeedback } from "./give-feedback.ts";
import { listAnomalies } from "./list-anomalies.ts";
import { undoFeedback } from "./undo-feedback.ts";

const MINUTE = 60_000;
const NEVER = `ano_${"0".repeat(24)}`;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const tenant = () => harness.deps.store.forOrg(harness.org);
const told = (type: string) => harness.committed.filter((committed) => committed.type === type).map(({ data }) => data);
const get = async (id: string): Promise<Anomaly> => {
  const { context: _context, ...anomaly } = (await harness.call(getAnomaly, { id, context: "0" })) as Anomaly & { context: null };
  return anomaly;
};
const say = async (id: string, verdict: string, more: object = {}) =>
  (await harness.call(giveFeedback, { id, verdict, ...more })) as Anomaly;
const undo = (id: string) => harness.call(undoFeedback, { id });
const state = async (series: SeriesId) => (await tenant().detection.states([series]))[0]!;

/** Points up to now, and their detection. */
async function come(points: readonly (readonly [number, number])[], metric = "cpu"): Promise<SeriesId> {
  harness.clock.set(points.at(-1)![0]);
  const series = await harness.store(metric, points);
  const [row] = await harness.database.read("SELECT max(seq) AS seq FROM write_log", {});
  await harness.deliver(event, testEvent("metrics.ingested", harness.org, { seq: row!["seq"] as number, n: 1, from: 0, to: 0 }));
  return series;
}

/** A quiet series that goes off for good at START, three anomalous points long so far; ascending. */
async function goesOff(): Promise<{ series: SeriesId; run: Anomaly[] }> {
  await come(quietPoints(300, { until: START - MINUTE }));
  const series = await come([0, 1, 2].map((minute) => [START + minute * MINUTE, 500 + 100 * minute] as const));
  harness.committed.length = 0;
  const { items } = (await harness.call(listAnomalies, { from: "2026-11-20T10:00:00Z" })) as { items: Anomaly[] };
  expect(items.map(({ clearedAt }) => clearedAt)).toEqual([null, null, null]);
  return { series, run: items.toReversed() };
}
const calm = (from: number, n: number) => quietPoints(n, { until: from + (n - 1) * MINUTE });

describe("200", () => {
  test("is said of the whole run: every anomaly of it shows who said what, and no other one", async () => {
    const spike = START - 30 * MINUTE;
    await come(quietPoints(271, { until: spike, spikes: [spike] }));
    await come(quietPoints(29, { until: START - MINUTE }));
    await come([0, 1].map((minute) => [START + minute * MINUTE, 1_500 + 100 * minute] as const));
    const all = (await harness.call(listAnomalies, {})) as { items: Anomaly[] };
    const [newest, , ...others] = all.items;
    const answer = await say(newest!.id, "incident", { note: "the disk was full" });
    expect(answer).toMatchObject({
      id: newest!.id,
      clearedAt: null,
      feedback: { verdict: "incident", note: "the disk was full", by: { kind: "key", id: "key_test" }, at: "2026-11-20T10:01:00.000Z" },
    });
    const judged = (await harness.call(listAnomalies, { feedback: "incident" })) as { items: Anomaly[] };
    expect(judged.items).toEqual(((await harness.call(listAnomalies, { limit: "2" })) as { items: Anomaly[] }).items);
    expect(judged.items).toHaveLength(2);
    const silent = (await harness.call(listAnomalies, { feedback: "none" })) as { items: Anomaly[] };
    expect(silent.items).toEqual(others);
    expect(((await harness.call(listAnomalies, { feedback: "expected" })) as { items: Anomaly[] }).items).toEqual([]);
  });

  test.each(["expected", "bad-data"])("%s clears an open run at once, and has its series learned anew", async (verdict) => {
    const { series, run } = await goesOff();
    const at = harness.clock.now();
    const answer = await say(run[1]!.id, verdict);
    expect(answer.clearedAt).toBe(new Date(at + 1).toISOString());
    expect(new Set((await Promise.all(run.map(({ id }) => get(id)))).map(({ clearedAt }) => clearedAt))).toEqual(
      new Set([answer.clearedAt]),
    );
    expect(told("anomaly.cleared")).toEqual([{ series, at: at + 1 }]);
    expect(told("detection.relearn-requested")).toEqual([{ series: [series] }]);
  });

  test("an incident stays open", async () => {
    const { series, run } = await goesOff();
    expect((await say(run[1]!.id, "incident")).clearedAt).toBeNull();
    expect(told("anomaly.cleared")).toEqual([]);
    expect(told("detection.relearn-requested")).toEqual([{ series: [series] }]);
  });

  test("the same again changes nothing; another one replaces it, through any anomaly of the run", async () => {
    const { run } = await goesOff();
    const first = await say(run[0]!.id, "expected");
    const { version } = await state(first.series);
    harness.clock.advance(1_000);
    expect(await say(run[0]!.id, "expected")).toEqual(first);
    expect((await state(first.series)).version).toBe(version);

    const second = await say(run[2]!.id, "incident", { note: "it was one" });
    expect(second).toMatchObject({ clearedAt: null, feedback: { verdict: "incident", note: "it was one" } });
    expect(await get(run[0]!.id)).toMatchObject({ clearedAt: null, feedback: { verdict: "incident" } });
    expect(await harness.database.read("SELECT verdict FROM anomaly_verdict", {})).toEqual([{ verdict: "incident" }]);
  });

  test("what comes in a run that was expected raises nothing, until the run has ended; then all is as before", async () => {
    const { series, run } = await goesOff();
    await say(run[0]!.id, "expected");
    harness.committed.length = 0;
    const count = async () => ((await harness.call(listAnomalies, {})) as { items: Anomaly[] }).items.length;
    const before = await count();
    await come([3, 4, 5].map((minute) => [START + minute * MINUTE, 5_000 + 1_000 * minute] as const));
    expect([await count(), told("anomaly.detected")]).toEqual([before, []]);

    await come(calm(START + 6 * MINUTE, 60));
    const [verdict] = await harness.database.read("SELECT is_open, to_at FROM anomaly_verdict WHERE series = :series", { series });
    expect(verdict!["is_open"]).toBe(0);
    expect(verdict!["to_at"]).toBeLessThanOrEqual(START + 66 * MINUTE);
    harness.committed.length = 0;
    await come([[START + 70 * MINUTE, 100_000]]);
    expect(told("anomaly.detected")).toHaveLength(1);
  });

  test("a pass that was at work when somebody spoke is done again, under what they said", async () => {
    const { series, run } = await goesOff();
    const { read } = harness.database;
    let spoke = false;
    Object.assign(harness.database, {
      async read(...asked: Parameters<typeof read>) {
        const rows = await read(...asked);
        if (asked[0].includes("FROM detector_state") || asked[0].includes("JOIN detector_state")) {
          if (!spoke) {
            spoke = true;
            await say(run[0]!.id, "bad-data");
          }
        }
        return rows;
      },
    });
    await come([[START + 3 * MINUTE, 9_000]]);
    expect(spoke).toBe(true);
    expect((await tenant().anomalies.forSeries([series], { after: START + 2 * MINUTE })).filter(({ value }) => value === 9_000)).toEqual(
      [],
    );
  });
});

describe("what was said, once the series is learned anew", () => {
  const relearn = async () => {
    const [asked] = harness.committed.filter(({ type }) => type === "detection.relearn-requested").slice(-1);
    await harness.deliver(event, asked!);
  };
  const learnedOf = async (series: SeriesId) => {
    const decoded = decodeState((await state(series)).state);
    if (!decoded.ok) throw new Error(decoded.error.message);
    return decoded.value.learned;
  };
  const hexOf = async (series: SeriesId) => Buffer.from((await state(series)).state).toString("hex");

  test("bad data of the past left nothing behind: the state is as if it had been skipped; undone, it is as it was", async () => {
    const { series, run } = await goesOff();
    await come(calm(START + 3 * MINUTE, 120));
    const before = await hexOf(series);
    await say(run[0]!.id, "bad-data");
    await relearn();
    const skipped = await hexOf(series);
    expect(skipped).not.toBe(before);
    expect((await state(series)).scoredTo).toBe(START + 122 * MINUTE);
    // What the values taught is what those of a series taught that never had them: but for the gap that it has in their place.
    const never = await come([...quietPoints(300, { until: START - MINUTE }), ...calm(START + 3 * MINUTE, 120)], "load");
    const [mine, theirs] = [await learnedOf(series), await learnedOf(never)];
    expect(mine.forecaster).toEqual(theirs.forecaster);
    for (const [m, { name }] of METHODS.entries()) if (name !== "no-data") expect([name, mine.states[m]]).toEqual([name, theirs.states[m]]);
    expect([mine.alarm, mine.run.rarity]).toEqual([theirs.alarm, theirs.run.rarity]);
    await relearn();
    expect(await hexOf(series)).toBe(skipped);

    await undo(run[0]!.id);
    await relearn();
    expect(await hexOf(series)).toBe(before);
  });

  test("live detection goes on as it would have, had it known from the start", async () => {
    const { series, run } = await goesOff();
    await come(calm(START + 3 * MINUTE, 60));
    await say(run[0]!.id, "expected");
    await relearn();
    await come(calm(START + 63 * MINUTE, 30));
    const live = await hexOf(series);
    await undo(run[0]!.id);
    await say(run[0]!.id, "expected");
    await relearn();
    expect(await hexOf(series)).toBe(live);
  });
});

describe("204", () => {
  test("undone: what it cleared is open again, the series is learned anew, and the anomaly says nothing of it", async () => {
    const { series, run } = await goesOff();
    await say(run[0]!.id, "expected");
    harness.committed.length = 0;
    await undo(run[2]!.id);
    expect(await Promise.all(run.map(({ id }) => get(id)))).toEqual(run);
    expect(told("detection.relearn-requested")).toEqual([{ series: [series] }]);
    expect((await state(series)).judged).toBe(false);
  });

  test("undone after the run has ended: what it cleared is cleared by the point that ended the run", async () => {
    const { run } = await goesOff();
    await say(run[0]!.id, "bad-data");
    await come(calm(START + 3 * MINUTE, 60));
    await undo(run[0]!.id);
    const cleared = (await get(run[0]!.id)).clearedAt;
    expect(Date.parse(cleared!)).toBeGreaterThanOrEqual(START + 3 * MINUTE);
    expect((Date.parse(cleared!) - START) % MINUTE).toBe(0);
  });

  test("where nothing was said, there is nothing to undo", async () => {
    const { series, run } = await goesOff();
    const { version } = await state(series);
    await undo(run[0]!.id);
    expect((await state(series)).version).toBe(version);
    expect(harness.committed).toEqual([]);
  });
});

describe("the stretch that a verdict is of", () => {
  const stretches = async (series: SeriesId) =>
    ((await tenant().verdicts.ofSeries([series])).get(series) ?? []).map(({ from, to, isOpen }) => ({
      from: (from - START) / MINUTE,
      to: isOpen ? null : (to - START) / MINUTE,
    }));

  test("has those points in it that raised nothing because of a verdict that was taken back since", async () => {
    const { series, run } = await goesOff();
    await say(run[2]!.id, "bad-data");
    await come([3, 4, 5, 6].map((minute) => [START + minute * MINUTE, 5_000 + 1_000 * minute] as const));
    await undo(run[2]!.id);
    await say(run[2]!.id, "incident");
    expect(await stretches(series)).toEqual([{ from: 0, to: null }]);
    await come(calm(START + 7 * MINUTE, 30));
    const [closed] = await stretches(series);
    expect(closed!.to).toBeGreaterThanOrEqual(7);
    await undo(run[2]!.id);
    await say(run[0]!.id, "bad-data");
    expect(await stretches(series)).toEqual([closed]);
  });

  test("is looked up among the anomalies of its points alone, however many the series has had", async () => {
    const { series, run } = await goesOff();
    const asked: object[] = [];
    const { read } = harness.database;
    const watched: typeof read = async (sql, args) => {
      if (sql.includes("SELECT timestamp FROM anomaly")) asked.push(args);
      return read(sql, args);
    };
    Object.assign(harness.database, { read: watched });
    await say(run[1]!.id, "incident");
    expect(asked).toEqual([expect.objectContaining({ series, from: START - 300 * MINUTE, to: START + 2 * MINUTE + 1 })]);
  });
});

describe("404", () => {
  test("an anomaly of another organisation is answered like one that is missing", async () => {
    const { run } = await goesOff();
    const id = run[0]!.id;
    const as = { org: harness.otherOrg };
    await expect(harness.call(giveFeedback, { id, verdict: "expected" }, as)).rejects.toMatchObject({ kind: "not-found" });
    await expect(harness.call(undoFeedback, { id }, as)).rejects.toMatchObject({ kind: "not-found" });
    await expect(say(NEVER, "expected")).rejects.toMatchObject({ kind: "not-found" });
    expect((await get(id)).feedback).toBeNull();
  });
});
