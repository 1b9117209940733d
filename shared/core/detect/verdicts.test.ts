import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { OrgId, SeriesId } from "../../contract/ids.ts";
import { detectSeries, newDetectorRecord } from "./series-detection.ts";
import type { DetectorRecord, SeriesDetection } from "./series-detection.ts";
import { LONGEST_OPEN_MS, stretchAround, verdictsAtHand } from "./verdicts.ts";
import type { StretchVerdict } from "./verdicts.ts";

const ORG = `org_${"a".repeat(24)}` as OrgId;
const SERIES = `ser_${"a".repeat(24)}` as SeriesId;
const MINUTE = 60_000;
const VERDICTS = ["expected", "incident", "bad-data"] as const;

describe("the stretch of an anomaly", () => {
  const times = (...at: number[]) => Float64Array.from(at);
  const around = (before: number[], after: number[], isCut = false) => ({ before: times(...before), after: times(...after), isCut });

  test.each([
    ["a single one, between points that are none", around([1, 2], [4, 5]), [3], null, { from: 3, to: 4, isOpen: false }],
    ["a run, to both sides", around([1, 2], [4, 5, 6]), [2, 3, 4, 5], null, { from: 2, to: 6, isOpen: false }],
    ["another run before it is not of it", around([0, 1, 2], [4]), [0, 1, 3], null, { from: 3, to: 4, isOpen: false }],
    ["points that come only after it", around([], [4]), [3], null, { from: 3, to: 4, isOpen: false }],
    ["no point has ended it", around([1, 2], [4]), [2, 3, 4], null, { from: 2, to: 2 + LONGEST_OPEN_MS, isOpen: true }],
    ["what ended it is not stored any more", around([], []), [3], 9, { from: 3, to: 9, isOpen: false }],
    ["it goes on beyond the points that were read", around([], [4, 5], true), [3, 4, 5], null, { from: 3, to: 6, isOpen: false }],
  ])("%s", (_which, points, anomalous, clearedAt, expected) => {
    expect(stretchAround({ timestamp: 3, clearedAt }, points, new Set(anomalous), 100)).toEqual(expected);
  });

  test("points that raised nothing are of it, while it is open and once a point has ended it", () => {
    const points = around([1, 2], [4, 5, 6, 7]);
    const of = (clearedAt: number | null, calmTo: number) => stretchAround({ timestamp: 3, clearedAt }, points, new Set([3, 4]), calmTo);
    expect(of(null, 2)).toEqual({ from: 3, to: 3 + LONGEST_OPEN_MS, isOpen: true });
    expect(of(7, 7)).toEqual({ from: 3, to: 7, isOpen: false });
  });

  test("an open one has its anomaly in it, however long ago it began", () => {
    const from = 10;
    const timestamp = from + 2 * LONGEST_OPEN_MS;
    const stretch = stretchAround({ timestamp, clearedAt: null }, around([from], []), new Set([from, timestamp]), null);
    expect(stretch).toEqual({ from, to: timestamp + 1, isOpen: true });
  });
});

test("of a series' verdicts those are at hand that a new point, or one of the last quarter of an hour, may lie in", () => {
  const said = (from: number, to: number): StretchVerdict => ({ from, to, verdict: "expected", isOpen: false });
  const all = [said(0, 10 * MINUTE), said(46 * MINUTE, 47 * MINUTE), said(61 * MINUTE, 62 * MINUTE), said(63 * MINUTE, 70 * MINUTE)];
  const points = { timestamps: Float64Array.of(62 * MINUTE) };
  expect(verdictsAtHand(all, 61 * MINUTE, points)).toEqual([all[1], all[2]]);
});

/** A quiet wave of minutes, far off from `shift` to `back`. */
function shifted(n: number, shift: number, back = n) {
  const minutes = Array.from({ length: n }, (_, row) => row);
  return {
    timestamps: Float64Array.from(minutes, (minute) => minute * MINUTE),
    values: Float64Array.from(minutes, (minute) => {
      const quiet = 50 + 3 * Math.sin(minute / 10) + ((minute * 7_919) % 101) / 101;
      return minute >= shift && minute < back ? quiet + 400 + 20 * (minute % 7) : quiet;
    }),
    historical: new Uint8Array(n),
  };
}
const part = ({ timestamps, values, historical }: ReturnType<typeof shifted>, start: number, end: number) => ({
  timestamps: timestamps.slice(start, end),
  values: values.slice(start, end),
  historical: historical.slice(start, end),
});

/** Detects in batches; a stretch that ends is closed for the next batch, as the store does it. */
function detectIn(sizes: readonly number[], points: ReturnType<typeof shifted>, record: DetectorRecord, said: readonly StretchVerdict[]) {
  let [row, turn] = [0, 0];
  let [verdicts, after] = [said, record];
  const found: SeriesDetection["anomalies"][number][] = [];
  while (row < points.timestamps.length) {
    const batch = part(points, row, (row += sizes[turn++ % sizes.length]!));
    const detection = detectSeries(ORG, after, batch, 0, undefined, verdictsAtHand(verdicts, after.scoredTo, batch));
    after = detection.record;
    verdicts = verdicts.map((one) => {
      const ended = detection.closed.find(({ from }) => from === one.from);
      return ended === undefined ? one : { ...one, to: ended.to, isOpen: false };
    });
    found.push(...detection.anomalies);
  }
  return { record: after, verdicts, found };
}

describe("points of an open stretch", () => {
  const points = shifted(360, 300, 330);
  const [before, rest] = [part(points, 0, 305), part(points, 305, 360)];
  const open = (verdict: StretchVerdict["verdict"]): StretchVerdict => ({
    from: 300 * MINUTE,
    to: 300 * MINUTE + LONGEST_OPEN_MS,
    verdict,
    isOpen: true,
  });
  /** Scored without a verdict up to when somebody spoke, and then learned anew under what they said. */
  function spokenOf(said: readonly StretchVerdict[]) {
    const { record } = detectSeries(ORG, newDetectorRecord(SERIES), before, 0);
    return { ...record, state: detectSeries(ORG, newDetectorRecord(SERIES), before, 0, undefined, said).record.state };
  }
  const spoken: Record<"none" | StretchVerdict["verdict"], DetectorRecord> = {
    none: spokenOf([]),
    expected: spokenOf([open("expected")]),
    incident: spokenOf([open("incident")]),
    "bad-data": spokenOf([open("bad-data")]),
  };
  const detectAfter = (sizes: readonly number[], said: readonly StretchVerdict[]) =>
    detectIn(sizes, rest, spoken[said[0]?.verdict ?? "none"], said);

  test.each(["expected", "bad-data"] as const)("raise nothing once people said that they are %s, until a point ends it", (verdict) => {
    const { found, verdicts } = detectAfter([55], [open(verdict)]);
    expect(verdicts[0]!.isOpen).toBe(false);
    expect(found.filter(({ timestamp }) => timestamp < verdicts[0]!.to)).toEqual([]);
  });

  test("still raise anomalies when they are an incident", () => {
    const { found } = detectAfter([55], [open("incident")]);
    expect(found.length).toBeGreaterThan(0);
  });

  test("of bad data nothing is learned: it is still news when it comes again", () => {
    const again = shifted(420, 400, 420);
    const counts = [[], [open("bad-data")]].map((said) => {
      const { record, verdicts } = detectAfter([10], said);
      return detectIn([20], part(again, 360, 420), record, verdicts).found.length;
    });
    expect(counts[1]).toBeGreaterThan(counts[0]!);
  });

  test("lead to the same state and the same end of the stretch, whatever batches they come in", () => {
    const states = (sizes: readonly number[], verdict: StretchVerdict["verdict"]) => {
      const { record, verdicts, found } = detectAfter(sizes, [open(verdict)]);
      return { state: Buffer.from(record.state).toString("hex"), verdicts, found: found.map(({ id, score }) => [id, score]) };
    };
    const pointByPoint = Object.fromEntries(VERDICTS.map((verdict) => [verdict, states([1], verdict)]));
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sizes, fc.constantFrom(...VERDICTS), (split, verdict) => {
        expect(states(split, verdict)).toEqual(pointByPoint[verdict]);
      }),
      { numRuns: 15 },
    );
  });
});
