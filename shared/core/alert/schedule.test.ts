import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { dueEvaluations } from "./schedule.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  ["a minute's rule has one time a minute, the delay kept", 10, 13 * MINUTE + 30_000, { interval: MINUTE, evalDelay: MINUTE }, [11, 12]],
  ["the newest time is taken in, the last evaluated one is not", 10, 13 * MINUTE, { interval: MINUTE, evalDelay: MINUTE }, [11, 12]],
  ["nothing is due before the next multiple", 12, 13 * MINUTE + 59_999, { interval: MINUTE, evalDelay: MINUTE }, []],
  ["a rule that was never evaluated begins with the newest time", null, 13 * MINUTE, { interval: MINUTE, evalDelay: 0 }, [13]],
  [
    "times are multiples of the interval whenever the last one was",
    3,
    21 * MINUTE,
    { interval: 5 * MINUTE, evalDelay: 0 },
    [5, 10, 15, 20],
  ],
  ["before the first multiple nothing is due", null, 30_000, { interval: MINUTE, evalDelay: MINUTE }, []],
])("%s", (_name, last, now, rule, expected) => {
  expect(dueEvaluations(last === null ? null : last * MINUTE, now, rule).map((at) => at / MINUTE)).toEqual(expected);
});

test("an outage of an hour is made up whole, of a longer one the last hour", () => {
  const rule = { interval: MINUTE, evalDelay: MINUTE };
  const hour = dueEvaluations(10 * HOUR - MINUTE, 11 * HOUR, rule);
  expect([hour.length, hour[0], hour.at(-1)]).toEqual([60, 10 * HOUR, 11 * HOUR - MINUTE]);
  expect(dueEvaluations(2 * HOUR, 11 * HOUR, rule)).toEqual(hour);
});

test("a daily rule loses no day to an outage of two hours around midnight", () => {
  expect(dueEvaluations(5 * DAY, 6 * DAY + 2 * HOUR, { interval: DAY, evalDelay: MINUTE })).toEqual([6 * DAY]);
});

test("asking in steps gives what asking once gives", () => {
  const time = fc.integer({ min: 0, max: 3_000_000 });
  fc.assert(
    fc.property(time, fc.array(time, { minLength: 1, maxLength: 8 }), fc.constantFrom(1_000, 7_000, MINUTE), (last, times, interval) => {
      const rule = { interval, evalDelay: 5_000 };
      const stops = times.toSorted((x, y) => x - y);
      const stepwise: number[] = [];
      let evaluated = last;
      for (const now of stops) {
        const due = dueEvaluations(evaluated, now, rule);
        stepwise.push(...due);
        evaluated = due.at(-1) ?? evaluated;
      }
      expect(stepwise).toEqual(dueEvaluations(last, stops.at(-1)!, rule));
    }),
  );
});
