import { describe, expect, test } from "@jest/globals";
import { normal, seeded } from "../../testing/series-generators.ts";
import { advance, createDetector } from "./detector.ts";
import type { DetectOptions, PointScore } from "./score-point.ts";

const STEP = 300_000;
const DAY_POINTS = 288;
const FIRST = Date.UTC(2026, 0, 5);

/** Days around 100 with the values of some rows replaced. */
function scoresOf(days: number, replaced: Readonly<Record<number, number>>, options: Partial<DetectOptions> = {}): PointScore[] {
  const uniform = seeded(77);
  const values = Float64Array.from({ length: days * DAY_POINTS }, () => 100 + normal(uniform));
  for (const [row, value] of Object.entries(replaced)) values[Number(row)] = value;
  const timestamps = Float64Array.from(values, (_, row) => FIRST + row * STEP);
  return advance(createDetector(), { timestamps, values }, { sensitivity: 0.5, ...options });
}

describe("what people said of a stretch", () => {
  const [first, again] = [8 * DAY_POINTS, 9 * DAY_POINTS];
  const stretch = { from: FIRST + first * STEP, to: FIRST + (first + 1) * STEP };
  // Never twice the same: a spike of 30 on what is there, and on its noise.
  const spikes = { [first]: 130, [again]: 131.8 };

  test.each([
    [undefined, true],
    ["expected", false],
    ["incident", true],
    ["bad-data", true],
  ] as const)("a spike that was called %s: met again, it alarms: %s", (verdict, alarms) => {
    const scores = scoresOf(10, spikes, verdict === undefined ? {} : { verdicts: [{ ...stretch, verdict }] });
    expect(scores[first]!.anomalous).toBe(true);
    expect(scores[again]!.anomalous).toBe(alarms);
  });

  test("an incident that is met again is as rare as it was, where without a word it is half known", () => {
    const [heard, quarantined] = [scoresOf(10, spikes), scoresOf(10, spikes, { verdicts: [{ ...stretch, verdict: "incident" }] })];
    expect(quarantined[again]!.score).toBeGreaterThan(heard[again]!.score);
  });

  test("of two verdicts on the same stretch the later counts", () => {
    const verdicts = [
      { ...stretch, verdict: "incident" },
      { ...stretch, verdict: "expected" },
    ] as const;
    expect(scoresOf(10, spikes, { verdicts })[again]!.anomalous).toBe(false);
  });
});

describe("what an anomaly has to be at least", () => {
  const row = 8 * DAY_POINTS;
  test.each([
    [{ minAbsolute: 25 }, true],
    [{ minAbsolute: 40 }, false],
    [{ minRelative: 0.25 }, true],
    [{ minRelative: 0.4 }, false],
    [{ consensus: 0.1 }, true],
    [{ direction: "below" }, false],
  ] as const)("a spike of 30 on 100 with %j is anomalous: %s", (options, anomalous) => {
    const score = scoresOf(9, { [row]: 130 }, options)[row]!;
    expect(score.anomalous).toBe(anomalous);
    expect(score.score > 0.4).toBe(anomalous);
  });
});

test("a holiday is judged and learned as a Sunday", () => {
  // Busy on weekdays, quiet on Sundays and on one Wednesday.
  const uniform = seeded(5);
  const start = Date.UTC(2026, 0, 5);
  const holiday = 30;
  const values = Float64Array.from({ length: 35 * 24 }, (_, row) => {
    const day = Math.floor(row / 24);
    return (day % 7 === 6 || day === holiday ? 100 : 200) + 2 * normal(uniform);
  });
  const timestamps = Float64Array.from(values, (_, row) => start + row * 3_600_000);
  const noon = holiday * 24 + 1;
  const scoreWith = (holidays: ReadonlySet<string>) =>
    advance(createDetector(), { timestamps, values }, { sensitivity: 0.5, holidays })[noon]!;
  const [known, unknown] = [scoreWith(new Set(["2026-02-04"])), scoreWith(new Set())];
  expect(Math.abs(known.expected! - 100)).toBeLessThan(Math.abs(unknown.expected! - 100));
});

test("an incident is no less severe because it goes on, though there is less and less news in it", () => {
  const from = 8 * DAY_POINTS;
  const scores = scoresOf(9, Object.fromEntries(Array.from({ length: 8 }, (_, place) => [from + place, 200 + place]))).slice(
    from,
    from + 8,
  );
  expect(scores.every(({ anomalous }) => anomalous)).toBe(true);
  const days = scores.map(({ daysPerFalseAlarm }) => daysPerFalseAlarm!);
  expect(days).toEqual(days.toSorted((a, b) => a - b));
  expect(scores.at(-1)!.severity).toBe("critical");
  expect(scores.at(-1)!.score).toBeLessThan(scores[0]!.score);
});
