import { expect, test } from "@jest/globals";
import { scoreNab } from "./nab.ts";
import type { LabelledSeries } from "./nab.ts";

/** Three series of 40 points, five minutes apart: with two windows, with one, with none. The first has a timestamp twice. */
const SERIES: readonly LabelledSeries[] = [
  [
    [12, 17],
    [28, 33],
  ],
  [[20, 29]],
  [],
].map((windows, place) => {
  const timestamps = Float64Array.from({ length: 40 }, (_, row) => 300 * row);
  if (place === 0) timestamps[18] = timestamps[17]!;
  return { file: `made/up-${place}.csv`, timestamps, values: new Float64Array(40), windows: windows.map(([a, b]) => [300 * a!, 300 * b!]) };
});
/** Low scores that repeat, with ties, and a few high ones inside and outside of windows. */
const HIGH: readonly Readonly<Record<number, number>>[] = [
  { 2: 0.99, 13: 0.8, 15: 0.9, 19: 0.6, 31: 0.5, 38: 0.7 },
  { 9: 0.4, 28: 0.95, 35: 0.8 },
  { 25: 0.55, 26: 0.55, 39: 0.3 },
];
const SCORES = HIGH.map((high) => Float64Array.from({ length: 40 }, (_, row) => high[row] ?? ((row * 7) % 10) / 50));

// What a stand-alone scorer in Python, which agrees with the benchmark's own, says of the same rows.
test("the best threshold for each profile and what it finds are those of the reference scorer", () => {
  const scores = scoreNab(SERIES, SCORES);
  expect(scores.standard).toBeCloseTo(79.93455262575654, 9);
  expect(scores.reward_low_FP_rate).toBeCloseTo(71.35580284400278, 9);
  expect(scores.reward_low_FN_rate).toBeCloseTo(86.62303508383769, 9);
  expect(scores.events.event_recall).toBe(1);
  expect(scores.events.event_precision).toBeCloseTo(3 / 7, 9);
  expect(scores.events.event_F1).toBeCloseTo(0.6, 9);
  expect(scores.events.false_alarm_episodes_per_series_day).toBeCloseTo(11.636363636363637, 9);
});

test("with a threshold given and rows silent after an alarm they are the reference scorer's too", () => {
  const scores = scoreNab(SERIES, SCORES, { threshold: 0.5, suppressedRows: 3 });
  expect(scores.standard).toBeCloseTo(81.76788595908988, 9);
  expect(scores.reward_low_FP_rate).toBeCloseTo(75.02246951066945, 9);
  expect(scores.reward_low_FN_rate).toBeCloseTo(87.84525730605992, 9);
  expect(scores.events.event_F1).toBeCloseTo(0.6, 9);
});

test("to say nothing is worth nothing, and to alarm all the time less", () => {
  const always = SCORES.map((one) => one.map(() => 1));
  expect(scoreNab(SERIES, always).standard).toBe(0);
  expect(scoreNab(SERIES, always, { threshold: 0.5, suppressedRows: 0 }).standard).toBeLessThan(0.7 * scoreNab(SERIES, SCORES).standard);
  expect(scoreNab(SERIES, always, { threshold: 2, suppressedRows: 0 })).toMatchObject({
    standard: 0,
    events: { event_recall: 0, event_F1: 0 },
  });
});

test("the first 15% of a series' rows never count", () => {
  const louder = SCORES.map((one) => one.map((score, row) => (row < 6 ? 0.97 : score)));
  expect(scoreNab(SERIES, louder)).toEqual(scoreNab(SERIES, SCORES));
});
