import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ForecastId, ForecastJobId, ForecastRunId, SeriesId } from "../contract/ids.ts";
import { hashId } from "../core/hash-id.ts";
import type { ForecastJobsStore, Job, Progress, Run } from "../ports/forecast-jobs.ts";
import { DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { forecastResult } from "../testing/forecasts.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import type { Database } from "./database.ts";
import { createStores } from "./store.ts";

const MINUTE = 60_000;
const SERIES = hashId<SeriesId>("ser", ["cpu"]);
const RESULT = forecastResult(START, [1]);

const jobOf = (name: string, more: Partial<Job> = {}): Job => ({
  id: hashId<ForecastJobId>("fjb", [name]),
  version: 1,
  definition: {
    name,
    selector: { metricKey: "cpu", matchers: [] },
    horizon: 1,
    levels: [80],
    backend: "auto",
    schedule: "hourly",
    timezone: "UTC",
    enabled: true,
  },
  nextRunAt: START,
  createdAt: START,
  updatedAt: START,
  ...more,
});
const runOf = (name: string) => ({ id: hashId<ForecastRunId>("frn", [name]), at: START });
const progressOf = (name: string, more: Partial<Progress> = {}): Progress => ({
  forecasts: [
    {
      forecast: {
        id: hashId<ForecastId>("fct", [name]),
        series: SERIES,
        cutoff: START,
        createdAt: START,
        parameters: { horizon: 1, levels: [80], backend: "auto" },
      },
      result: RESULT,
      fingerprint: null,
    },
  ],
  after: SERIES,
  series: 2,
  completed: 1,
  refusals: [],
  isLast: false,
  ...more,
});

describe.each(DATABASES)("%s", (_where, open) => {
  let opened: TestDatabase;
  let harness: Harness;
  let jobs: ForecastJobsStore;
  let foreign: ForecastJobsStore;
  beforeEach(async () => {
    opened = await open();
    harness = await startHarness({ database: opened.database });
    jobs = harness.deps.store.forOrg(harness.org).forecastJobs;
    foreign = harness.deps.store.forOrg(harness.otherOrg).forecastJobs;
  });
  afterEach(() => opened.end());

  const begun = async (name = "a"): Promise<Run> => {
    await jobs.insert(jobOf(name));
    await jobs.begin(jobOf(name), runOf(name));
    return (await jobs.claim(runOf(name).id, 0, { now: START, until: START + MINUTE }))!;
  };
  const forecast = (name: string) => harness.deps.store.forOrg(harness.org).forecasts.get(hashId<ForecastId>("fct", [name]));

  test("of several who begin what is due, one does, and it is due at its next time", async () => {
    await jobs.insert(jobOf("a"));
    const due = { was: START, next: START + 60 * MINUTE };
    const outcomes = await Promise.all(["x", "y", "z"].map((name) => jobs.begin(jobOf("a"), runOf(name), due)));
    expect(outcomes.filter((won) => won)).toHaveLength(1);
    expect(await jobs.get(jobOf("a").id)).toMatchObject({ nextRunAt: START + 60 * MINUTE, version: 1 });
    expect(harness.committed.map(({ type }) => type)).toEqual(["forecast-run.requested"]);
  });

  test("what was changed since it was read, or is due at another time, is not begun", async () => {
    await jobs.insert(jobOf("a"));
    expect(await jobs.begin(jobOf("a", { version: 2 }), runOf("a"))).toBe(false);
    expect(await jobs.begin(jobOf("a"), runOf("a"), { was: START - 1, next: START + 1 })).toBe(false);
    expect(await jobs.begin(jobOf("missing"), runOf("a"))).toBe(false);
    expect((await jobs.runs(jobOf("a").id, { limit: 10 })).items).toEqual([]);
    expect(harness.committed).toEqual([]);
  });

  test("a step is taken up once, and by the next one when its lease is over", async () => {
    const run = await begun();
    expect(run).toMatchObject({ status: "running", step: 1, attempts: 1, startedAt: START });
    expect(await jobs.claim(run.id, 0, { now: START + MINUTE, until: START + 2 * MINUTE })).toBeNull();
    expect(await jobs.claim(run.id, 1, { now: START + MINUTE - 1, until: START + 2 * MINUTE })).toBeNull();
    const again = await jobs.claim(run.id, 1, { now: START + MINUTE, until: START + 2 * MINUTE });
    expect(again).toMatchObject({ step: 2, attempts: 2 });

    expect(await jobs.advance(run, progressOf("late"), START + MINUTE)).toBe(false);
    expect(await jobs.postpone(run, "late", null, START + MINUTE)).toBe(false);
    expect(await forecast("late")).toBeNull();
    expect(await jobs.advance(again!, progressOf("made"), START + MINUTE)).toBe(true);
    expect(await forecast("made")).toMatchObject({ status: "completed", series: SERIES });
  });

  test("what is to go on at once is taken up by a worker whose clock is behind, too", async () => {
    await jobs.insert(jobOf("a"));
    await jobs.begin(jobOf("a"), runOf("a"));
    const behind = { now: START - 5_000, until: START + MINUTE };
    const first = (await jobs.claim(runOf("a").id, 0, behind))!;
    expect(first).toMatchObject({ step: 1 });
    await jobs.advance(first, progressOf("one"), START);
    expect(await jobs.claim(first.id, 1, behind)).toMatchObject({ step: 2 });
  });

  test("a step that is held goes on, and one that is lost cannot be held", async () => {
    const run = await begun();
    await jobs.hold(run, START + 3 * MINUTE);
    await foreign.hold(run, START);
    expect(await jobs.claim(run.id, 1, { now: START + 3 * MINUTE - 1, until: START + 9 * MINUTE })).toBeNull();
    const next = await jobs.claim(run.id, 1, { now: START + 3 * MINUTE, until: START + 4 * MINUTE });
    await jobs.hold(run, START + 60 * MINUTE);
    expect(await jobs.run(run.job, run.id)).toEqual(next);
  });

  test("what a step brings is added to the run, and the last one ends it", async () => {
    const first = await begun();
    await jobs.advance(first, progressOf("one"), START + 1);
    const second = (await jobs.claim(first.id, 1, { now: START + 1, until: START + MINUTE }))!;
    expect(second).toMatchObject({ after: SERIES, series: 2, completed: 1, attempts: 1 });
    await jobs.advance(second, progressOf("two", { completed: 0, refusals: [{ series: SERIES, reason: "No" }], isLast: true }), START + 2);
    expect(await jobs.run(first.job, first.id)).toMatchObject({
      status: "completed",
      completed: 1,
      failed: 1,
      refusals: [{ series: SERIES, reason: "No" }],
      endedAt: START + 2,
    });
    expect(await jobs.claim(first.id, 2, { now: START + MINUTE, until: START + 2 * MINUTE })).toBeNull();
    const types = ["forecast-run.requested", "forecast.created", "forecast-run.requested", "forecast.created"];
    expect(harness.committed.map(({ type }) => type)).toEqual(types);
  });

  test("a run that is put off is due after its wait, and one that failed is not", async () => {
    const run = await begun();
    const { forecastJobs } = harness.deps.store.platform;
    expect(await jobs.postpone(run, "No", START + 5 * MINUTE, START + 1)).toBe(true);
    harness.committed.length = 0;
    await forecastJobs.requestRuns(START + 5 * MINUTE - 1, 10);
    expect(harness.committed).toEqual([]);
    await forecastJobs.requestRuns(START + 5 * MINUTE, 10);
    expect(harness.committed).toMatchObject([{ type: "forecast-run.requested", org: harness.org, data: { run: run.id, step: 1 } }]);

    const again = (await jobs.claim(run.id, 1, { now: START + 5 * MINUTE, until: START + 6 * MINUTE }))!;
    await jobs.postpone(again, "No more", null, START + 5 * MINUTE);
    await forecastJobs.requestRuns(START + 60 * MINUTE, 10);
    expect(harness.committed).toHaveLength(1);
    expect(await jobs.run(run.job, run.id)).toMatchObject({ status: "failed", error: "No more", endedAt: START + 5 * MINUTE });
  });

  test("jobs are due when their time has come and no run of theirs is open, of any organisation, most overdue first", async () => {
    await jobs.insert(jobOf("a"));
    await foreign.insert(jobOf("b", { nextRunAt: START - 1 }));
    await jobs.insert(jobOf("later", { nextRunAt: START + 1 }));
    await jobs.insert(jobOf("off", { nextRunAt: null }));
    await begun("open");
    const due = async (limit: number) =>
      (await harness.deps.store.platform.forecastJobs.jobs(START, limit)).map(({ org, job }) => [org, job.id]);
    expect(await due(10)).toEqual([
      [harness.otherOrg, jobOf("b").id],
      [harness.org, jobOf("a").id],
    ]);
    expect(await due(1)).toHaveLength(1);
  });

  test("runs are forgotten by their end", async () => {
    const run = await begun();
    await jobs.postpone(run, "No", null, START + 5);
    await begun("b");
    const { forecastJobs } = harness.deps.store.platform;
    await forecastJobs.forgetRuns(START + 5);
    expect(await jobs.run(run.job, run.id)).not.toBeNull();
    await forecastJobs.forgetRuns(START + 6);
    expect(await jobs.run(run.job, run.id)).toBeNull();
    expect(await jobs.run(jobOf("b").id, runOf("b").id)).not.toBeNull();
  });

  test("an organisation neither sees nor changes another's jobs and runs", async () => {
    const run = await begun();
    const { id } = jobOf("a");
    expect(await foreign.get(id)).toBeNull();
    expect((await foreign.list({ limit: 10 })).items).toEqual([]);
    expect(await foreign.replace(jobOf("a", { version: 2 }))).toBe(false);
    expect(await foreign.begin(jobOf("a"), runOf("x"))).toBe(false);
    expect(await foreign.run(id, run.id)).toBeNull();
    expect((await foreign.runs(id, { limit: 10 })).items).toEqual([]);
    expect((await foreign.lastRuns([id])).size).toBe(0);
    expect(await foreign.claim(run.id, 1, { now: START + MINUTE, until: START + 2 * MINUTE })).toBeNull();
    expect(await foreign.advance(run, progressOf("theirs"), START)).toBe(false);
    expect(await foreign.postpone(run, "No", null, START)).toBe(false);
    await foreign.remove(id, 1);
    expect(await jobs.get(id)).toEqual(jobOf("a"));
    expect(await jobs.run(id, run.id)).toEqual(run);
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
    const { forecastJobs } = store.forOrg(harness.org);
    const { id } = jobOf("a");
    await forecastJobs.get(id);
    await forecastJobs.list({ limit: 1 });
    await forecastJobs.lastRuns([id]);
    await forecastJobs.run(id, runOf("a").id);
    await forecastJobs.runs(id, { limit: 1 });
    await store.platform.forecastJobs.jobs(START, 1);
    await store.platform.forecastJobs.requestRuns(START, 1);
    expect(plans).toEqual([
      "SEARCH forecast_job USING INDEX sqlite_autoindex_forecast_job_1 (id=?)",
      "SEARCH forecast_job USING INDEX forecast_job_org (org=? AND id>?)",
      [
        "SCAN jobs VIRTUAL TABLE INDEX 1:",
        "SEARCH r USING INDEX sqlite_autoindex_forecast_run_1 (id=?)",
        "CORRELATED SCALAR SUBQUERY 1",
        "SEARCH forecast_run USING COVERING INDEX forecast_run_job (org=? AND job=?)",
      ].join("; "),
      "SEARCH forecast_run USING INDEX sqlite_autoindex_forecast_run_1 (id=?)",
      "SEARCH forecast_run USING INDEX forecast_run_job (org=? AND job=? AND (scheduled_at,id)<(?,?))",
      [
        "SEARCH j USING INDEX forecast_job_due (next_run_at<?)",
        "CORRELATED SCALAR SUBQUERY 1",
        "SEARCH r USING INDEX forecast_run_open (job=?)",
      ].join("; "),
      "SEARCH forecast_run USING INDEX forecast_run_due (due_at<?)",
    ]);
  });
});
