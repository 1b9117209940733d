import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { byteReader, byteWriter } from "./bytes.ts";
import { createCycle, DAY, decodeCycle, encodeCycle, learnCycle, predictCycle, WEEK } from "./cycle.ts";
import type { Cycle, CycleShape } from "./cycle.ts";
import { wallClock } from "./wall-clock.ts";

const HOUR = 3_600_000;
const MONDAY = Date.UTC(2026, 0, 5);

function bytesOf(cycle: Cycle): Uint8Array {
  const writer = byteWriter(4_096);
  encodeCycle(cycle, writer);
  return writer.done();
}
/** Learns what a function gives, from Monday on. */
function learned(shape: CycleShape, cadence: number, n: number, valueAt: (at: number) => number, most = Infinity): Cycle {
  const cycle = createCycle(shape);
  for (let row = 0; row < n; row++) {
    const at = MONDAY + row * cadence;
    learnCycle(cycle, shape, at, valueAt(at), most, cadence);
  }
  return cycle;
}

describe("a cycle", () => {
  test.each([
    ["day", DAY],
    ["week", WEEK],
  ])("of a %s knows nothing of a time that was never met", (_name, shape) => {
    const cycle = learned(shape, shape.bucketMs, 3, () => 5);
    expect(predictCycle(cycle, shape, MONDAY + 2.5 * shape.bucketMs)).toBe(5);
    expect(predictCycle(cycle, shape, MONDAY + 3 * shape.bucketMs)).toBeNaN();
    expect(predictCycle(cycle, shape, MONDAY - 1)).toBeNaN();
  });

  test("says for each time what was met at it: a weekday is no weekend, a Monday begins the week", () => {
    const valueAt = (at: number) => Math.floor((at - MONDAY) / HOUR) % 168;
    const cycle = learned(WEEK, HOUR, 3 * 168, valueAt);
    for (let hour = 0; hour < 168; hour++) expect(predictCycle(cycle, WEEK, MONDAY + (5 * 168 + hour + 0.9) * HOUR)).toBe(hour);
    expect([...cycle.means]).toEqual(Array.from({ length: 168 }, (_, hour) => hour));
  });

  test("draws a line through each bucket: a steady rise within the hour is known to the minute", () => {
    const rise = (at: number) => (at % (24 * HOUR)) / HOUR;
    const cycle = learned(DAY, 5 * 60_000, 20 * 288, rise);
    for (const minutes of [2, 15, 28, 12 * 60 + 3, 23 * 60 + 55]) {
      expect(predictCycle(cycle, DAY, MONDAY + minutes * 60_000)).toBeCloseTo(minutes / 60, 1);
    }
    // Half an hour rises by half.
    expect(cycle.slopes[10]).toBeCloseTo(0.5, 1);
  });

  test("has no slope where a round puts one point on a bucket", () => {
    const cycle = learned(DAY, 30 * 60_000 + 1_000, 48 * 20, (at) => at % 7_000);
    expect(cycle.slopes.every((slope) => slope === 0)).toBe(true);
  });

  test("follows a change by the share of its freshness, and an outlier by no more than it may", () => {
    const cycle = learned(WEEK, HOUR, 10 * 168, () => 10);
    learnCycle(cycle, WEEK, MONDAY, 30, Infinity, HOUR);
    expect(predictCycle(cycle, WEEK, MONDAY)).toBeCloseTo(20, 6);
    learnCycle(cycle, WEEK, MONDAY + HOUR, 1e9, 4, HOUR);
    expect(predictCycle(cycle, WEEK, MONDAY + HOUR)).toBeCloseTo(12, 6);
    learnCycle(cycle, WEEK, MONDAY + 2 * HOUR, -1e9, 4, HOUR);
    expect(predictCycle(cycle, WEEK, MONDAY + 2 * HOUR)).toBeCloseTo(8, 6);
  });

  test("goes by the wall clock: what is usual at nine stays so when clocks change, also where they change by half an hour", () => {
    for (const [timezone, changes] of [
      ["Europe/Berlin", [Date.UTC(2026, 2, 29, 1), Date.UTC(2026, 9, 25, 1)]],
      ["Australia/Lord_Howe", [Date.UTC(2026, 3, 4, 15), Date.UTC(2026, 9, 3, 15, 30)]],
    ] as const) {
      for (const change of changes) {
        const cycle = createCycle(DAY);
        const opens = (at: number) => (new Date(wallClock(at, timezone)).getUTCHours() >= 9 ? 500 : 20);
        for (let at = change - 5 * 24 * HOUR; at < change; at += HOUR / 2) {
          learnCycle(cycle, DAY, wallClock(at, timezone), opens(at), Infinity, HOUR / 2);
        }
        for (let at = change; at < change + 2 * 24 * HOUR; at += HOUR / 4) {
          expect(predictCycle(cycle, DAY, wallClock(at, timezone))).toBe(opens(at));
        }
      }
    }
  });
});

test("what was saved and loaded is the same, whatever was learned", () => {
  const point = fc.tuple(
    fc.integer({ min: -1e12, max: 253_402_300_799_999 }),
    fc.double({ min: -1e30, max: 1e30, noNaN: true }),
    fc.constantFrom(0.5, 1e6, Infinity),
    fc.constantFrom(null, 60_000, HOUR),
  );
  fc.assert(
    fc.property(fc.constantFrom(DAY, WEEK), fc.array(point, { maxLength: 200 }), (shape, points) => {
      const cycle = createCycle(shape);
      for (const [at, value, most, cadence] of points) learnCycle(cycle, shape, at, value, most, cadence);
      const reader = byteReader(bytesOf(cycle));
      expect(decodeCycle(reader, shape)).toEqual(cycle);
      expect(reader.left).toBe(0);
    }),
    { numRuns: 50 },
  );
});
