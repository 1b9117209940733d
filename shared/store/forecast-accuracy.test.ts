import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ForecastResult } from "../contract/forecast.ts";
import type { ForecastId, SeriesId } from "../contract/ids.ts";
import { isoTime } from "../contract/time.ts";
import type { OutcomeMeasures } from "../core/forecast/evaluation.ts";
import { hashId } from "../core/hash-id.ts";
import type { AccuracyFilter, ForecastAccuracyStore, Measuring } from "../ports/forecast-accuracy.ts";
import type { ForecastsStore, NewForecast } from "../ports/forecasts.ts";
import { DATABASES, EMPTY_DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { forecastResult } from "../testing/forecasts.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { MIGRATIONS } from "../testing/memory-store.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { createStores } from "./store.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const [CPU, DISK] = [hashId<SeriesId>("ser", ["cpu"]), hashId<SeriesId>("ser", ["disk"])];

const result = forecastResult(START, [1.5, 2.5], { intervals: [{ level: 80, lo: [1, 2], hi: [2, 3] }], seasonLength: 24 });
const measures: OutcomeMeasures = {
  mae: 1,
  rmse: 2,
  mape: null,
  smape: 3,
  mase: 4,
  wql: 0.5,
  skill: 0.25,
  intervals: [
    { level: 80, coverage: 1, width: 7 },
    { level: 95, coverage: 1, width: 9 },
  ],
};
const DUE = START + 2 * HOUR;

const idOf = (name: string) => hashId<ForecastId>("fct", [name]);
const asked = (name: string, more: Partial<NewForecast> = {}): NewForecast => ({
  id: idOf(name),
  series: CPU,
  cutoff: START,
  createdAt: START,
  parameters: { horizon: 2, levels: [80], backend: "auto" },
  ...more,
});

describe.each(DATABASES)("%s", (_where, open) => {
  let opened: TestDatabase;
  let harness: Harness;
  let forecasts: ForecastsStore;
  let accuracy: ForecastAccuracyStore;
  let foreign: ForecastAccuracyStore;
  let measuring: Measuring;
  beforeEach(async () => {
    opened = await open();
    harness = await startHarness({ database: opened.database });
    ({ forecasts, forecastAccuracy: accuracy } = harness.deps.store.forOrg(harness.org));
    foreign = harness.deps.store.forOrg(harness.otherOrg).forecastAccuracy;
    ({ measuring } = harness.deps.store.platform);
  });
  afterEach(() => opened.end());

  const save = (name: string, more: Partial<NewForecast> = {}, made: Partial<ForecastResult> = {}) =>
    forecasts.save(asked(name, more), { ...result, ...made });
  const evaluation = (next: number | null, more: Partial<OutcomeMeasures> = {}, steps = 1) => ({
    evaluateAt: DUE,
    next,
    measured: { steps, measures: { ...measures, ...more } },
    at: DUE + 5,
  });
  const measuredOf = async (name: string) => {
    const forecast = await forecasts.get(idOf(name));
    return forecast?.status === "completed" ? forecast.measured : undefined;
  };
  const due = async (by: number, limit = 10) => (await accuracy.due(by, limit)).map(({ id }) => id);

  describe("a completed forecast", () => {
    test("is due to be measured once its first step is over, whichever way it was completed", async () => {
      await save("saved");
      await forecasts.request(asked("requested"));
      expect(await accuracy.unmeasured(idOf("requested"))).toBeNull();
      await forecasts.complete(idOf("requested"), result, START);
      expect(await due(DUE - 1)).toEqual([]);
      expect(await accuracy.due(DUE, 10)).toEqual(
        [idOf("requested"), idOf("saved")].toSorted().map((id) => ({ id, evaluateAt: DUE, endsAt: START + 3 * HOUR })),
      );
      expect(await accuracy.unmeasured(idOf("saved"))).toEqual({
        id: idOf("saved"),
        series: CPU,
        startsAt: START + HOUR,
        endsAt: START + 3 * HOUR,
        frequencyMs: HOUR,
        evaluateAt: DUE,
        seasonLength: 24,
        mean: Float64Array.of(1.5, 2.5),
        intervals: [{ level: 80, lo: Float64Array.of(1, 2), hi: Float64Array.of(2, 3) }],
      });
    });

    test("says how it was measured, alone and in lists, and is due again when that was said", async () => {
      await save("a");
      expect(await measuredOf("a")).toBeUndefined();
      expect(await accuracy.save(idOf("a"), evaluation(DUE + HOUR))).toBe(true);
      const { intervals, ...figures } = measures;
      const measured = { steps: 1, final: false, evaluatedAt: isoTime(DUE + 5), ...figures, intervals };
      expect(await measuredOf("a")).toEqual(measured);
      expect((await forecasts.list({}, { limit: 1 })).items).toMatchObject([{ measured }]);
      expect(await due(DUE + HOUR - 1)).toEqual([]);
      expect(await due(DUE + HOUR)).toEqual([idOf("a")]);

      const last = { ...evaluation(null, { mae: 9 }, 2), evaluateAt: DUE + HOUR };
      expect(await accuracy.save(idOf("a"), last)).toBe(true);
      expect(await measuredOf("a")).toMatchObject({ steps: 2, final: true, mae: 9 });
      expect(await due(Number.MAX_SAFE_INTEGER)).toEqual([]);
      expect(await accuracy.unmeasured(idOf("a"))).toBeNull();
    });

    test("keeps what the first of several workers measured", async () => {
      await save("a");
      const saved = await Promise.all([1, 2, 3].map((mae) => accuracy.save(idOf("a"), evaluation(DUE + HOUR, { mae }))));
      expect(saved.filter(Boolean)).toHaveLength(1);
      expect(await measuredOf("a")).toMatchObject({ mae: 1 + saved.indexOf(true) });
      expect(await accuracy.save(idOf("missing"), evaluation(null))).toBe(false);
    });

    test("that nothing came for ends with nothing measured", async () => {
      await save("a");
      expect(await accuracy.save(idOf("a"), { ...evaluation(null), measured: null })).toBe(true);
      expect(await measuredOf("a")).toBeUndefined();
      expect(await due(Number.MAX_SAFE_INTEGER)).toEqual([]);
    });

    test("keeps what was measured of more steps, where points have been dropped since", async () => {
      await save("a");
      await accuracy.save(idOf("a"), evaluation(DUE + HOUR, { mae: 1 }, 2));
      await accuracy.save(idOf("a"), { ...evaluation(DUE + 2 * HOUR, { mae: 2 }, 1), evaluateAt: DUE + HOUR });
      expect(await measuredOf("a")).toMatchObject({ steps: 2, mae: 1, final: false });
      await accuracy.save(idOf("a"), { ...evaluation(null), measured: null, evaluateAt: DUE + 2 * HOUR });
      expect(await measuredOf("a")).toMatchObject({ steps: 2, mae: 1, final: true });
    });
  });

  test("forecasts that are due come most overdue first, of one organisation, and bounded", async () => {
    const at = (ms: number) => ({ timestamps: [START + ms, START + ms + HOUR] });
    await save("late", {}, at(3));
    await harness.deps.store.forOrg(harness.otherOrg).forecasts.save(asked("foreign"), { ...result, ...at(1) });
    await save("middle", {}, at(2));
    expect(await due(START + HOUR + 3)).toEqual([idOf("middle"), idOf("late")]);
    expect(await due(START + HOUR + 3, 1)).toEqual([idOf("middle")]);
  });

  describe("old forecasts", () => {
    test("are dropped once they are measured, and what was measured stays", async () => {
      await save("measured");
      await accuracy.save(idOf("measured"), evaluation(null));
      await save("unmeasured");
      await forecasts.request(asked("requested"));
      await forecasts.request(asked("failed"));
      await forecasts.fail(idOf("failed"), "Too short");
      const left = async () => (await forecasts.list({}, { limit: 10 })).items.map(({ id }) => id).toSorted();
      const ids = (...names: string[]) => names.map(idOf).toSorted();

      await measuring.dropForecasts(START);
      expect(await left()).toEqual(ids("measured", "unmeasured", "requested", "failed"));
      // One that failed ended when it was asked for.
      await measuring.dropForecasts(START + 1);
      expect(await left()).toEqual(ids("measured", "unmeasured", "requested"));
      await measuring.dropForecasts(START + 3 * HOUR);
      expect(await left()).toEqual(ids("measured", "unmeasured", "requested"));
      await measuring.dropForecasts(START + 3 * HOUR + 1);
      expect(await left()).toEqual(ids("unmeasured", "requested"));
      expect((await trend()).buckets).toMatchObject([{ forecasts: 1 }]);
    });

    test("are all dropped, however many", async () => {
      const many = Array.from({ length: 450 }, (_, i) => `f${i}`);
      await Promise.all(many.map((name) => save(name)));
      await harness.database.write([{ sql: "UPDATE forecast SET evaluate_at = NULL", args: {} }]);
      await measuring.dropForecasts(START + DAY);
      expect((await forecasts.list({}, { limit: 10 })).items).toEqual([]);
    });

    test("have what was measured of them forgotten by when it was", async () => {
      await save("a");
      await accuracy.save(idOf("a"), evaluation(DUE + HOUR));
      await measuring.forgetAccuracy(DUE + 5);
      expect(await measuredOf("a")).toBeDefined();
      await measuring.forgetAccuracy(DUE + 6);
      expect(await measuredOf("a")).toBeUndefined();
    });
  });

  const trend = (filter: Partial<AccuracyFilter> = {}, limit = 100, of: ForecastAccuracyStore = accuracy) =>
    of.trend({ unfinished: true, from: 0, to: START + 100 * DAY, ...filter }, { step: DAY, origin: 0, limit });

  describe("a trend", () => {
    const TODAY = Date.UTC(2026, 10, 20);
    const measured = async (
      name: string,
      day: number,
      more: Partial<OutcomeMeasures>,
      made: Partial<ForecastResult> = {},
      series = CPU,
    ) => {
      await save(name, { series, cutoff: START + day * DAY }, made);
      await accuracy.save(idOf(name), evaluation(name.endsWith("open") ? DUE + HOUR : null, more, 2));
    };

    test("averages by backend and bucket of the cutoff", async () => {
      await measured("a", 0, { mae: 1, skill: 0.5, wql: null, intervals: [{ level: 80, coverage: 1, width: 1 }] });
      await measured("b open", 0, { mae: 3, skill: -0.5, wql: 1, intervals: [{ level: 80, coverage: 0, width: 1 }] });
      await measured("c", 1, { mae: 5, skill: null, wql: null, intervals: [] });
      await measured("d", 1, { mae: 7, mase: null }, { backend: "stub" });
      const { buckets, coverage, looked, lastBucket } = await trend();
      expect(buckets).toEqual([
        expect.objectContaining({ bucket: TODAY, backend: "native", forecasts: 2, unfinished: 1, steps: 4, mae: 2, wql: 1, skill: 0 }),
        expect.objectContaining({ bucket: TODAY + DAY, backend: "native", forecasts: 1, unfinished: 0, mae: 5, wql: null, skill: null }),
        expect.objectContaining({ bucket: TODAY + DAY, backend: "stub", mae: 7, mase: null, smape: 3, rmse: 2 }),
      ]);
      expect(buckets.map(({ worseThanNaive }) => worseThanNaive)).toEqual([1, 0, 0]);
      expect(coverage).toEqual([
        { bucket: TODAY, backend: "native", level: 80, coverage: 0.5 },
        { bucket: TODAY + DAY, backend: "stub", level: 80, coverage: 1 },
        { bucket: TODAY + DAY, backend: "stub", level: 95, coverage: 1 },
      ]);
      expect({ looked, lastBucket }).toEqual({ looked: 4, lastBucket: TODAY + DAY });
    });

    test("is of what is asked for", async () => {
      await measured("a", 0, { mae: 1 });
      await measured("b open", 1, { mae: 2 });
      await measured("c", 2, { mae: 3 }, { backend: "stub" });
      await measured("d", 3, { mae: 4 }, { frequency: "1d", timestamps: [START + HOUR - 23 * HOUR, START + 2 * HOUR] });
      await measured("e", 4, { mae: 5 }, {}, DISK);
      const maes = async (filter: Partial<AccuracyFilter>) => (await trend(filter)).buckets.map(({ mae }) => mae);
      expect(await maes({})).toEqual([1, 2, 3, 4, 5]);
      expect(await maes({ series: DISK })).toEqual([5]);
      expect(await maes({ backend: "stub" })).toEqual([3]);
      expect(await maes({ frequencyMs: DAY })).toEqual([4]);
      expect(await maes({ unfinished: false })).toEqual([1, 3, 4, 5]);
      expect(await maes({ from: START + DAY, to: START + 3 * DAY })).toEqual([2, 3]);
      expect(await maes({ series: CPU, backend: "native", frequencyMs: HOUR, unfinished: false })).toEqual([1]);
    });

    test("looks at so many forecasts, those with the oldest cutoffs, whether they are taken or not", async () => {
      await measured("a", 0, {});
      await measured("b", 1, {}, { backend: "stub" });
      await measured("c", 2, {});
      const { buckets, looked, lastBucket } = await trend({ backend: "native" }, 2);
      expect(buckets.map(({ bucket }) => bucket)).toEqual([TODAY]);
      expect({ looked, lastBucket }).toEqual({ looked: 2, lastBucket: TODAY + DAY });
    });

    test("of nothing is empty", async () => {
      expect(await trend()).toEqual({ buckets: [], coverage: [], looked: 0, lastBucket: null });
    });

    test("has no mean of values whose sum overflows", async () => {
      await measured("a", 0, { mae: 1.7e308 });
      await measured("b", 0, { mae: 1.7e308 });
      expect((await trend()).buckets).toMatchObject([{ mae: null, rmse: 2 }]);
    });
  });

  test("every read rides an index, in its order", async () => {
    const plans: string[] = [];
    const explaining: Database = {
      ...harness.database,
      async read(sql, args) {
        const rows = await harness.database.read(`EXPLAIN QUERY PLAN ${sql}`, args);
        plans.push(...rows.map((row) => row["detail"] as string).filter((detail) => detail.includes("forecast")));
        return sql.includes("FROM looked") ? [{ looked: 0, last_bucket: null } as never] : [];
      },
    };
    const store = createStores(explaining)({ newId: harness.deps.newId, traceparent: null, committed: [] });
    await store.forOrg(harness.org).forecastAccuracy.unmeasured(idOf("a"));
    await store.forOrg(harness.org).forecastAccuracy.due(START, 1);
    await trend({}, 1, store.forOrg(harness.org).forecastAccuracy);
    await trend({ series: CPU }, 1, store.forOrg(harness.org).forecastAccuracy);
    expect([...new Set(plans)]).toEqual([
      "SEARCH forecast USING INDEX sqlite_autoindex_forecast_1 (id=?)",
      "SEARCH forecast USING INDEX forecast_evaluate (org=? AND evaluate_at<?)",
      "SEARCH forecast_accuracy USING INDEX forecast_accuracy_cutoff (org=? AND cutoff>? AND cutoff<?)",
      "SEARCH forecast_accuracy USING INDEX forecast_accuracy_series (org=? AND series=? AND cutoff>? AND cutoff<?)",
    ]);

    const deletes: string[] = [];
    const write: Database["write"] = async (statements) => {
      for (const { sql, args } of statements) {
        const rows = await harness.database.read(`EXPLAIN QUERY PLAN ${sql}`, args);
        deletes.push(...rows.map((row) => row["detail"] as string).filter((detail) => / INDEX forecast_/.test(detail)));
      }
      return harness.database.write(statements);
    };
    const { platform } = createStores({ ...harness.database, write })({ newId: harness.deps.newId, traceparent: null, committed: [] });
    await platform.measuring.dropForecasts(START);
    await platform.measuring.forgetAccuracy(START);
    expect(deletes).toEqual([
      "SEARCH forecast USING INDEX forecast_ended (ends_at<?)",
      "SEARCH forecast_accuracy USING INDEX forecast_accuracy_age (evaluated_at<?)",
    ]);
  });

  test("an organisation neither sees nor changes another's accuracy", async () => {
    await save("a");
    expect(await foreign.unmeasured(idOf("a"))).toBeNull();
    expect(await foreign.save(idOf("a"), evaluation(null))).toBe(false);
    expect(await measuredOf("a")).toBeUndefined();
    expect(await accuracy.save(idOf("a"), evaluation(null))).toBe(true);
    expect((await trend({}, 10, foreign)).buckets).toEqual([]);
    expect((await trend({ series: CPU }, 10, foreign)).buckets).toEqual([]);
  });
});

test("forecasts that were made before they were measured are measured too", async () => {
  const [, open] = EMPTY_DATABASES[0];
  const { database, end } = await open();
  const folder = await mkdtemp(join(tmpdir(), "intentvision-"));
  // All that came before.
  await cp(MIGRATIONS, folder, { recursive: true, filter: (path) => !/00(1[3-9]|[2-9]\d)_\w+\.sql$/.test(path) });
  await migrate(database, pathToFileURL(`${folder}/`), 0);
  const { timestamps, mean, intervals, ...body } = result;
  const insert = `
    INSERT INTO forecast (id, org, series, status, request, cutoff, backend, created_at, body, columns)
    VALUES (:id, 'org', 'ser', :status, '{}', 0, 'native', 7, :body, :columns)`;
  const frequencies = ["90s", "5m", "1h", "7d", "1500ms"];
  await database.write([
    ...frequencies.map((frequency) => ({
      sql: insert,
      args: {
        id: frequency,
        status: "completed",
        body: JSON.stringify({ ...body, frequency }),
        columns: JSON.stringify({ timestamps, mean, intervals }),
      },
    })),
    { sql: insert, args: { id: "failed", status: "failed", body: null, columns: null } },
    { sql: insert, args: { id: "requested", status: "requested", body: null, columns: null } },
  ]);
  await migrate(database, MIGRATIONS, 0);

  const rows = await database.read("SELECT id, starts_at, ends_at, frequency_ms, evaluate_at FROM forecast", {});
  const [first, last] = timestamps as [number, number];
  const whole = (ms: number) => [first, last + ms, ms, first + ms];
  const found = rows.map((row) => [row["id"], [row["starts_at"], row["ends_at"], row["frequency_ms"], row["evaluate_at"]]]);
  expect(Object.fromEntries(found)).toEqual({
    "90s": whole(90_000),
    "5m": whole(300_000),
    "1h": whole(HOUR),
    "7d": whole(7 * DAY),
    "1500ms": whole(1_500),
    failed: [null, 7, null, null],
    requested: [null, null, null, null],
  });
  await end();
  await rm(folder, { recursive: true });
});
