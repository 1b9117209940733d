import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { BUDGET_WINDOW_MS, withinBudget } from "./budget.ts";

const episodes = (...days: number[]) => days.map((rare, key) => ({ key, days: rare }));
const daysOf = (told: readonly { days: number }[]) => told.map(({ days }) => days);

describe("a budget", () => {
  test.each([
    ["everything while less than half of it is used", [], 10, [12, 11, 400, 13], [400, 13, 12, 11]],
    ["the rarest of what comes at once", [], 3, [12, 11, 400, 13], [400, 13]],
    ["from half of it on nothing that is more common than the median of what was told", [10, 20, 30, 40, 50], 10, [30, 31, 25], [31]],
    ["all that is as rare as can be told apart, up to the budget", [1e4, 1e4], 4, [1e4, 1e4, 1e4], [1e4, 1e4]],
    ["nothing once it is used up, however rare", [10, 20], 2, [10_000], []],
    ["nothing where more was told than it is now", [10, 20, 30], 2, [10_000], []],
    ["one a day: the first", [], 1, [15, 14], [15]],
  ])("tells %s", (_what, told, budget, at, expected) => {
    expect(daysOf(withinBudget(told, budget, episodes(...at)))).toEqual(expected);
  });
});

describe("whatever comes, in whatever order and passes", () => {
  const rare = fc.double({ min: 10, max: 1e6, noNaN: true });
  const passes = fc.array(fc.record({ at: fc.integer({ min: 0, max: 4 * BUDGET_WINDOW_MS }), days: fc.array(rare, { maxLength: 12 }) }), {
    maxLength: 40,
  });
  const budgets = fc.integer({ min: 1, max: 12 });

  /** Passes by clocks that may go back: what each tells. */
  function tell(budget: number, all: readonly { at: number; days: readonly number[] }[]) {
    const told: { at: number; days: number }[] = [];
    for (const { at, days } of all) {
      const window = told.filter((one) => one.at > at - BUDGET_WINDOW_MS).map((one) => one.days);
      const known = window.toSorted((a, b) => a - b);
      told.push(...withinBudget(known, budget, episodes(...days)).map((one) => ({ at, days: one.days })));
    }
    return told;
  }

  test("never more than the budget is told in any 24 hours", () => {
    fc.assert(
      fc.property(budgets, passes, (budget, all) => {
        const told = tell(budget, all);
        for (const { at } of told) {
          expect(told.filter((one) => one.at >= at && one.at < at + BUDGET_WINDOW_MS).length).toBeLessThanOrEqual(budget);
        }
      }),
    );
  });

  test("of one pass the rarest are told, in whatever order they come", () => {
    fc.assert(
      fc.property(budgets, fc.array(rare, { maxLength: 12 }), fc.array(rare, { maxLength: 12 }), (budget, before, days) => {
        const known = before.toSorted((a, b) => a - b);
        const told = daysOf(withinBudget(known, budget, episodes(...days)));
        expect(told).toEqual(days.toSorted((a, b) => b - a).slice(0, told.length));
        expect(daysOf(withinBudget(known, budget, episodes(...days.toReversed())))).toEqual(told);
      }),
    );
  });

  test("everything is told that is no more than half of the budget", () => {
    fc.assert(
      fc.property(budgets, passes, (budget, all) => {
        const few = all.map(({ at, days }) => ({ at, days: days.slice(0, 1) })).slice(0, Math.ceil(budget / 2));
        expect(tell(budget, few)).toHaveLength(few.flatMap(({ days }) => days).length);
      }),
    );
  });

  test("what was told before is left as it was", () => {
    const told = [30, 40];
    withinBudget(told, 9, episodes(10, 20));
    expect(told).toEqual([30, 40]);
  });
});
