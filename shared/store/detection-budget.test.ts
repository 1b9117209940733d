import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { testPass } from "../testing/detection.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

const HOUR = 3_600_000;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const tenant = (org = harness.org) => harness.deps.store.forOrg(org);
const tell = (told: readonly number[], at: number, budgetVersion: number | null = null) =>
  tenant().detection.commit(testPass({ telling: { told, budgetVersion }, at }));
const told = (after: number, limit = 100, org = harness.org) => tenant(org).detectionBudget.told({ after, limit });

test("what was told after a time, ascending by how rare it was, and of too many the rarest", async () => {
  await tell([30, 11.5], START);
  await tell([400], START + 1);
  expect(await told(START - 1)).toEqual([11.5, 30, 400]);
  expect(await told(START)).toEqual([400]);
  expect(await told(START - 1, 2)).toEqual([30, 400]);
  expect(await told(0, 100, harness.otherOrg)).toEqual([]);
});

test("what was told is forgotten when it is no longer counted by any clock", async () => {
  await tell([1], START);
  await tell([2], START + 30 * HOUR);
  expect(await told(0)).toEqual([1, 2]);
  await tell([3], START + 49 * HOUR);
  expect(await told(0)).toEqual([2, 3]);
});

test("of two that looked at the same budget one is refused whole, and so is one that did not see it change", async () => {
  const { detectionBudget } = tenant();
  await detectionBudget.replace(5, null);
  const { version } = await detectionBudget.get();
  expect(await tell([1], START, version)).toBe(true);
  expect(await tell([2], START, version)).toBe(false);
  const later = await detectionBudget.get();
  await detectionBudget.replace(6, 5);
  expect(await tell([3], START, later.version)).toBe(false);
  expect(await told(0)).toEqual([1]);
});

test("a budget is replaced only where it is what it was, and is the organisation's own", async () => {
  const { detectionBudget } = tenant();
  expect(await detectionBudget.replace(5, null)).toBe(true);
  expect(await detectionBudget.replace(7, null)).toBe(false);
  expect(await detectionBudget.get()).toMatchObject({ anomaliesPerDay: 5 });
  expect(await tenant(harness.otherOrg).detectionBudget.get()).toEqual({ anomaliesPerDay: null, version: 0 });
});

test("what is counted is read from its index alone", async () => {
  const { read } = harness.database;
  let plan: string[] = [];
  Object.assign(harness.database, {
    async read(...[sql, args]: Parameters<typeof read>) {
      plan = (await read(`EXPLAIN QUERY PLAN ${sql}`, args)).map((row) => row["detail"] as string);
      return read(sql, args);
    },
  });
  await told(START);
  expect(plan[0]).toBe("SEARCH told_episode USING COVERING INDEX told_episode_newest (org=? AND told_at>?)");
});

test("how many series were scored is counted by organisation and span, over passes, for 400 days", async () => {
  const span = HOUR;
  const scored = (startsAt: number, n: number, at: number) => tenant().detection.commit(testPass({ scored: [{ span, startsAt, n }], at }));
  await scored(START, 2, START);
  await scored(START, 3, START);
  await scored(START + HOUR, 1, START);
  const window = { from: START + 1, to: START + HOUR + 1 };
  expect(await tenant().detection.scoredSpans(span, window)).toEqual([
    { span, startsAt: START, n: 5 },
    { span, startsAt: START + HOUR, n: 1 },
  ]);
  expect(await tenant().detection.scoredSpans(24 * HOUR, window)).toEqual([]);
  expect(await tenant(harness.otherOrg).detection.scoredSpans(span, window)).toEqual([]);
  await scored(START + 400 * 24 * HOUR, 1, START + 400 * 24 * HOUR + 1);
  expect(await tenant().detection.scoredSpans(span, window)).toEqual([{ span, startsAt: START + HOUR, n: 1 }]);
});
