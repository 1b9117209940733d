import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import { Forecast, ForecastSummary } from "../contract/forecast.ts";
import type { ForecastId, SeriesId } from "../contract/ids.ts";
import { isoTime } from "../contract/time.ts";
import { hashId } from "../core/hash-id.ts";
import type { ForecastsStore, NewForecast } from "../ports/forecasts.ts";
import type { Database } from "./database.ts";
import { createStores } from "./store.ts";
import { DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { forecastResult } from "../testing/forecasts.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

const HOUR = 3_600_000;

describe.each(DATABASES)("%s", (_where, open) => {
  let opened: TestDatabase;
  let harness: Harness;
  let forecasts: ForecastsStore;
  let foreign: ForecastsStore;
  beforeEach(async () => {
    opened = await open();
    harness = await startHarness({ database: opened.database });
    forecasts = harness.deps.store.forOrg(harness.org).forecasts;
    foreign = harness.deps.store.forOrg(harness.otherOrg).forecasts;
  });
  afterEach(() => opened.end());

  const [CPU, DISK] = [hashId<SeriesId>("ser", ["cpu"]), hashId<SeriesId>("ser", ["disk"])];
  const result = forecastResult(START, [1.5, 2.5], { intervals: [{ level: 80, lo: [1, 2], hi: [2, 3] }], warnings: ["short"] });
  const { timestamps: _timestamps, mean: _mean, intervals: _intervals, ...withoutColumns } = result;

  const asked = (name: string, more: Partial<NewForecast> = {}): NewForecast => ({
    id: hashId<ForecastId>("fct", [name]),
    series: CPU,
    cutoff: START - 5,
    createdAt: START,
    parameters: { horizon: 2, levels: [80], backend: "auto", frequencyMs: 3_600_000, bounds: { min: 0 } },
    ...more,
  });
  const ids = async (series?: SeriesId) => (await forecasts.list({ series }, { limit: 10 })).items.map(({ id }) => id);

  describe("a saved forecast", () => {
    test("of steps of years and milliseconds covers the time that it is of", async () => {
      const years = { ...result, frequency: "1054973350123ms", timestamps: [START, START + 1_054_973_350_123] };
      await forecasts.save(asked("a"), years);
      const window = { from: START + 3 * 366 * 24 * HOUR, to: START + 4 * 366 * 24 * HOUR };
      expect(await forecasts.spans(CPU, window, 10)).toMatchObject([
        { startsAt: START, endsAt: START + 2 * 1_054_973_350_123, frequencyMs: 1_054_973_350_123 },
      ]);
    });

    test("reads back as it was made, and is told of in the same batch", async () => {
      const { id } = asked("a");
      const saved = await forecasts.save(asked("a"), result);
      expect(saved).toEqual({
        ...result,
        id,
        series: CPU,
        status: "completed",
        horizon: 2,
        createdAt: isoTime(START),
        cutoff: isoTime(START - 5),
      });
      expect(await forecasts.get(id)).toEqual(v.parse(Forecast, saved));
      const pending = await harness.deps.store.platform.events.pending({ after: 0, limit: 10 });
      expect(pending.map(({ event }) => event)).toMatchObject([
        { type: "forecast.created", org: harness.org, at: START, data: { forecasts: [id] } },
      ]);
      expect(harness.committed).toHaveLength(1);
    });

    test("is there once: its id again is refused, and nothing is told", async () => {
      await forecasts.save(asked("a"), result);
      await expect(forecasts.save(asked("a"), result)).rejects.toMatchObject({ name: "Conflict" });
      await expect(foreign.request(asked("a"))).rejects.toMatchObject({ name: "Conflict" });
      expect(harness.committed).toHaveLength(1);
    });
  });

  describe("a requested forecast", () => {
    test("is told of, and gives back what was asked until it is completed", async () => {
      const forecast = asked("a");
      const requested = await forecasts.request(forecast);
      expect(v.parse(Forecast, await forecasts.get(forecast.id))).toEqual(requested);
      expect(requested).toMatchObject({ status: "requested", backend: "auto", horizon: 2 });
      expect(harness.committed).toMatchObject([{ type: "forecast.requested", at: START, data: { forecast: forecast.id } }]);
      expect(await forecasts.requested(forecast.id)).toEqual(forecast);

      expect(await forecasts.complete(forecast.id, result, START + 9)).toBe(true);
      expect(await forecasts.requested(forecast.id)).toBeNull();
      expect(await forecasts.get(forecast.id)).toMatchObject({ ...result, status: "completed", backend: "native" });
      expect(harness.committed[1]).toMatchObject({ type: "forecast.created", at: START + 9, data: { forecasts: [forecast.id] } });
    });

    test("is completed once, however many try at once", async () => {
      const forecast = asked("a");
      await forecasts.request(forecast);
      const mean = [1, 2, 3].map((value) => [value, value]);
      const outcomes = await Promise.all(mean.map((own) => forecasts.complete(forecast.id, { ...result, mean: own }, START)));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(await forecasts.get(forecast.id)).toMatchObject({ mean: mean[outcomes.indexOf(true)]! });
      expect(harness.committed.map(({ type }) => type)).toEqual(["forecast.requested", "forecast.created"]);
    });

    test("that has failed says why, and stays failed", async () => {
      const forecast = asked("a");
      await forecasts.request(forecast);
      expect(await forecasts.fail(forecast.id, "Too short")).toBe(true);
      expect(v.parse(Forecast, await forecasts.get(forecast.id))).toMatchObject({ status: "failed", error: "Too short", backend: "auto" });
      expect(await forecasts.complete(forecast.id, result, START)).toBe(false);
      expect(await forecasts.fail(forecast.id, "Again")).toBe(false);
      expect(await forecasts.get(forecast.id)).toMatchObject({ error: "Too short" });
      expect(harness.committed).toHaveLength(1);
    });

    test("that is missing is not completed, and nothing is told of it", async () => {
      expect(await forecasts.complete(asked("missing").id, result, START)).toBe(false);
      expect(await harness.deps.store.platform.events.pending({ after: 0, limit: 1 })).toEqual([]);
    });
  });

  describe("a list", () => {
    test("is newest first, without columns, by pages, of all series or of one", async () => {
      const [a, b, c] = [asked("a"), asked("b", { series: DISK, createdAt: START + 1 }), asked("c", { createdAt: START + 1 })];
      await forecasts.save(a, result);
      await forecasts.request(b);
      await forecasts.request(c);
      await forecasts.fail(c.id, "Too short");
      const newest = [b.id, c.id].toSorted().toReversed();
      expect(await ids()).toEqual([...newest, a.id]);
      expect(await ids(CPU)).toEqual([c.id, a.id]);

      const first = await forecasts.list({}, { limit: 1 });
      const second = await forecasts.list({}, { limit: 1, cursor: first.nextCursor! });
      const last = await forecasts.list({}, { limit: 1, cursor: second.nextCursor! });
      expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(newest);
      expect(last).toEqual({ items: [expect.objectContaining({ ...withoutColumns, id: a.id, status: "completed" })], nextCursor: null });
      for (const item of [...first.items, ...second.items, ...last.items]) v.parse(ForecastSummary, item);
    });
  });

  test("every read rides an index, in its order", async () => {
    const plans: string[] = [];
    const explaining: Database = {
      ...harness.database,
      async read(sql, args) {
        const rows = await harness.database.read(`EXPLAIN QUERY PLAN ${sql}`, args);
        plans.push(rows.map((row) => row["detail"] as string).join("; "));
        return [];
      },
    };
    const store = createStores(explaining)({ newId: harness.deps.newId, traceparent: null, committed: [] });
    const { forecasts } = store.forOrg(harness.org);
    await forecasts.get(asked("a").id);
    await forecasts.requested(asked("a").id);
    await forecasts.list({}, { limit: 1 });
    await forecasts.list({ series: CPU }, { limit: 1 });
    await forecasts.newest(CPU);
    await forecasts.same(CPU, "print", START);
    await forecasts.spans(CPU, { from: 0, to: START }, 1);
    await forecasts.columns([asked("a").id]);
    await store.platform.forecasting.requested(START, 1);
    const measured = "SEARCH a USING INDEX sqlite_autoindex_forecast_accuracy_1 (forecast=?) LEFT-JOIN";
    expect(plans).toEqual([
      `SEARCH f USING INDEX sqlite_autoindex_forecast_1 (id=?); ${measured}`,
      "SEARCH forecast USING INDEX sqlite_autoindex_forecast_1 (id=?)",
      `SEARCH f USING INDEX forecast_created (org=? AND (created_at,id)<(?,?)); ${measured}`,
      `SEARCH f USING INDEX forecast_series (org=? AND series=? AND (created_at,id)<(?,?)); ${measured}`,
      `SEARCH f USING INDEX forecast_series (org=? AND series=?); ${measured}`,
      `SEARCH f USING INDEX forecast_fingerprint (series=? AND fingerprint=? AND created_at>?); ${measured}`,
      "SEARCH forecast USING COVERING INDEX forecast_span (org=? AND series=? AND ends_at>?)",
      "SCAN ids VIRTUAL TABLE INDEX 1:; SEARCH f USING INDEX sqlite_autoindex_forecast_1 (id=?)",
      "SEARCH forecast USING INDEX forecast_requested (created_at<?)",
    ]);
  });

  test("the newest forecast of a series is the last one that was completed", async () => {
    expect(await forecasts.newest(CPU)).toBeNull();
    await forecasts.save(asked("old"), result);
    await forecasts.save(asked("new", { createdAt: START + 1 }), result);
    await forecasts.request(asked("requested", { createdAt: START + 2 }));
    await forecasts.save(asked("other", { createdAt: START + 3, series: DISK }), result);
    expect(await forecasts.newest(CPU)).toEqual(await forecasts.get(asked("new").id));
  });

  describe("the times of completed forecasts", () => {
    const spans = async (filter: object = {}, limit = 10) =>
      (await forecasts.spans(CPU, { from: 0, to: START + 10 * HOUR, ...filter }, limit)).map(({ id }) => id).toSorted();

    test("tell which of a series reach into a window, saved at once or completed later", async () => {
      await forecasts.save(asked("saved"), result);
      await forecasts.request(asked("later"));
      expect(await spans()).toEqual([asked("saved").id]);
      await forecasts.complete(asked("later").id, result, START);
      await forecasts.save(asked("other", { series: DISK }), result);
      expect(await forecasts.spans(CPU, { from: 0, to: START + HOUR + 1 }, 1)).toHaveLength(1);
      const both = [asked("saved").id, asked("later").id].toSorted();
      const span = { createdAt: START, startsAt: START + HOUR, endsAt: START + 3 * HOUR, frequencyMs: HOUR };
      expect((await forecasts.spans(CPU, { from: 0, to: START + HOUR + 1 }, 10)).toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
        both.map((id) => ({ id, ...span })),
      );
      expect(await spans({ to: START + HOUR })).toEqual([]);
      expect(await spans({ from: START + 3 * HOUR - 1 })).toEqual(both);
      expect(await spans({ from: START + 3 * HOUR })).toEqual([]);
    });

    test("can be those of one backend or frequency", async () => {
      await forecasts.save(asked("hourly"), result);
      await forecasts.save(asked("daily"), { ...result, frequency: "1d", backend: "stub" });
      expect(await spans({ backend: "native" })).toEqual([asked("hourly").id]);
      expect(await spans({ frequencyMs: 24 * HOUR })).toEqual([asked("daily").id]);
      expect(await spans({ backend: "native", frequencyMs: 24 * HOUR })).toEqual([]);
    });

    test("have their columns, of those that are completed", async () => {
      await forecasts.save(asked("saved"), result);
      await forecasts.request(asked("requested"));
      const columns = await forecasts.columns([asked("saved").id, asked("requested").id, asked("missing").id]);
      const { backend, mean, intervals } = result;
      expect([...columns]).toEqual([[asked("saved").id, { cutoff: START - 5, backend, mean, intervals }]]);
    });
  });

  test("what is due is still requested and old enough, of any organisation, oldest first and bounded", async () => {
    await foreign.request(asked("b", { createdAt: START - 1 }));
    await forecasts.request(asked("a", { createdAt: START - 2 }));
    await forecasts.request(asked("young"));
    await forecasts.save(asked("saved", { createdAt: START - 3 }), result);
    const due = (limit: number) => harness.deps.store.platform.forecasting.requested(START, limit);
    const [a, b] = [
      { org: harness.org, id: asked("a").id, createdAt: START - 2 },
      { org: harness.otherOrg, id: asked("b").id, createdAt: START - 1 },
    ];
    expect(await due(10)).toEqual([a, b]);
    expect(await due(1)).toEqual([a]);
  });

  test("an organisation neither sees nor changes another's forecasts", async () => {
    const [made, open] = [asked("made"), asked("open")];
    await forecasts.save(made, result);
    await forecasts.request(open);
    harness.committed.length = 0;

    expect(await foreign.get(made.id)).toBeNull();
    expect(await foreign.requested(open.id)).toBeNull();
    expect(await foreign.newest(CPU)).toBeNull();
    expect(await foreign.spans(CPU, { from: 0, to: START + 10 * HOUR }, 10)).toEqual([]);
    expect(await foreign.columns([made.id])).toEqual(new Map());
    expect((await foreign.list({}, { limit: 10 })).items).toEqual([]);
    expect((await foreign.list({ series: CPU }, { limit: 10 })).items).toEqual([]);
    expect(await foreign.complete(open.id, result, START)).toBe(false);
    expect(await foreign.fail(open.id, "No")).toBe(false);
    expect(await forecasts.get(open.id)).toMatchObject({ status: "requested" });
    expect(harness.committed).toEqual([]);
  });
});
