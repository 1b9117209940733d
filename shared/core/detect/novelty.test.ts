import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { quantileSorted } from "simple-statistics";
import { normal, seeded } from "../../testing/series-generators.ts";
import { byteReader, byteWriter } from "./bytes.ts";
import { acceptBetween, createNovelty, decodeNovelty, encodeNovelty, familiarEnds, learnNovelty, readNovelty } from "./novelty.ts";
import type { Novelty, NoveltyOptions } from "./novelty.ts";

const AT_ONCE: NoveltyOptions = { prototypes: 24, digestSize: 32, accepted: 1, trusted: 0, maturing: false };
const THREE: NoveltyOptions = { prototypes: 24, digestSize: 24, accepted: 3, trusted: 50, maturing: true };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);

/** Learns numbers five minutes apart. */
function learned(numbers: readonly number[], options: NoveltyOptions): Novelty {
  const novelty = createNovelty(options);
  for (const [row, number] of numbers.entries()) learnNovelty(novelty, number, START + 5 * MINUTE * row, options, false);
  return novelty;
}
function bytesOf(novelty: Novelty): Uint8Array {
  const writer = byteWriter(2_048);
  encodeNovelty(novelty, writer);
  return writer.done();
}
const noise = (n: number, seed = 1): number[] => {
  const uniform = seeded(seed);
  return Array.from({ length: n }, () => normal(uniform));
};

describe("novelty", () => {
  test("says nothing before twenty numbers, nor of numbers that were all the same", () => {
    expect(readNovelty(learned(noise(19), AT_ONCE), 1e9, AT_ONCE)).toBe(0);
    expect(familiarEnds(learned(noise(19), AT_ONCE), 1, AT_ONCE)).toBeNull();
    expect(readNovelty(learned(Array<number>(100).fill(7), AT_ONCE), 7, AT_ONCE)).toBe(0);
  });

  test("ranges as the quantiles of all numbers do", () => {
    for (const seed of [1, 2, 3]) {
      const numbers = noise(1_600, seed);
      const { low, high, range } = learned(numbers, AT_ONCE);
      const sorted = numbers.toSorted((a, b) => a - b);
      const [p02, p998] = [quantileSorted(sorted, 0.002), quantileSorted(sorted, 0.998)];
      // Between the outermost few numbers of 1,600.
      expect(low).toBeGreaterThanOrEqual(sorted[0]!);
      expect(low).toBeLessThan(quantileSorted(sorted, 0.01));
      expect(high).toBeGreaterThan(quantileSorted(sorted, 0.99));
      expect(high).toBeLessThanOrEqual(Math.fround(sorted.at(-1)!));
      expect(range / (p998 - p02)).toBeCloseTo(1, 0.5);
    }
  });

  test("is the distance to the nearest number, in ranges: in a hole between two clusters as beyond them", () => {
    const novelty = learned(
      noise(800).map((number, row) => (row % 2 === 0 ? 0 : 100) + number),
      AT_ONCE,
    );
    const nearestTo50 = Math.min(...novelty.values.subarray(0, novelty.n).map((value) => Math.abs(value - 50)));
    expect(nearestTo50).toBeGreaterThan(40);
    expect(readNovelty(novelty, 50, AT_ONCE)).toBeCloseTo(nearestTo50 / novelty.range, 9);
    expect(readNovelty(novelty, 100, AT_ONCE)).toBeLessThan(0.05);
    expect(readNovelty(novelty, 210, AT_ONCE)).toBeGreaterThan(0.9);
  });

  test("ends where its band does: inside of it nothing beyond the outermost is farther than the statistic", () => {
    const novelty = learned(noise(500), AT_ONCE);
    const [lo, hi] = familiarEnds(novelty, 0.3, AT_ONCE)!;
    expect(readNovelty(novelty, hi, AT_ONCE)).toBeCloseTo(0.3, 5);
    expect(readNovelty(novelty, lo, AT_ONCE)).toBeCloseTo(0.3, 5);
    expect(readNovelty(novelty, hi + 0.01, AT_ONCE)).toBeGreaterThan(0.3);
  });
});

describe("what was seen", () => {
  test("is known at once where one sighting is enough", () => {
    const novelty = learned(noise(300), AT_ONCE);
    expect(readNovelty(novelty, 50, AT_ONCE)).toBeGreaterThan(1);
    learnNovelty(novelty, 50, START + 2 * DAY, AT_ONCE, false);
    expect(readNovelty(novelty, 50, AT_ONCE)).toBeCloseTo(0, 9);
  });

  test("is known after three sightings an hour apart, and not by however many within the hour", () => {
    const novelty = learned(noise(300), THREE);
    const at = START + 2 * DAY;
    expect(readNovelty(novelty, 50, THREE)).toBeGreaterThan(1);
    for (let minute = 0; minute < 60; minute++) learnNovelty(novelty, 50, at + minute * MINUTE, THREE, false);
    expect(readNovelty(novelty, 50, THREE)).toBeGreaterThan(0.5);
    learnNovelty(novelty, 50.1, at + HOUR, THREE, false);
    for (let minute = 61; minute < 120; minute++) learnNovelty(novelty, 50, at + minute * MINUTE, THREE, false);
    expect(readNovelty(novelty, 50, THREE)).toBeGreaterThan(0.5);
    learnNovelty(novelty, 49.9, at + 2 * HOUR, THREE, false);
    expect(readNovelty(novelty, 50, THREE)).toBe(0);
  });

  test.each([1, 2])("is known at once when somebody says so, also at its sighting %d", (sightings) => {
    const novelty = learned(noise(300), THREE);
    for (let sighting = 1; sighting <= sightings; sighting++) {
      learnNovelty(novelty, 50, START + 2 * DAY + sighting, THREE, sighting === sightings);
    }
    expect(readNovelty(novelty, 50, THREE)).toBe(0);
  });

  test("is forgotten when it is not met for five weeks", () => {
    const novelty = learned(noise(300), AT_ONCE);
    const at = START + 2 * DAY;
    learnNovelty(novelty, 50, at, AT_ONCE, false);
    for (const [days, known] of [
      [34, true],
      [36, false],
    ] as const) {
      for (const number of noise(50, days)) learnNovelty(novelty, number, at + days * DAY - HOUR, AT_ONCE, false);
      // What is new makes room.
      learnNovelty(novelty, known ? -50 : -300, at + days * DAY, AT_ONCE, false);
      expect(novelty.values.subarray(0, novelty.n).includes(50)).toBe(known);
      expect(readNovelty(novelty, 50, AT_ONCE) < 0.01).toBe(known);
    }
  });

  test("is forgotten sooner while little is known, but not within a day", () => {
    const since = (ageDays: number) => {
      const novelty = learned(noise(300), THREE);
      learnNovelty(novelty, 50, START + 2 * DAY, THREE, true);
      const at = START + 2 * DAY + ageDays * DAY;
      for (const number of noise(50, 9)) learnNovelty(novelty, number, at, THREE, false);
      learnNovelty(novelty, -50, at, THREE, false);
      return readNovelty(novelty, 50, THREE) === 0;
    };
    expect([0.5, 0.9, 2, 4, 8].map(since)).toEqual([true, true, true, false, false]);
  });

  test("gives way to what is new when there are more than there is room for: what was not met for longest does", () => {
    const novelty = learned(noise(300), AT_ONCE);
    for (let place = 0; place < 30; place++) learnNovelty(novelty, 1_000 * (place + 1), START + 2 * DAY + place * HOUR, AT_ONCE, false);
    expect(novelty.n).toBe(AT_ONCE.prototypes);
    expect(novelty.values).toContain(30_000);
    expect(novelty.values).not.toContain(1_000);
  });
});

describe("a giant", () => {
  test.each([1e3, 1e9, 1e38])("of %d neither widens the range by more than a few ranges, nor is anything but news", (giant) => {
    const novelty = learned(noise(500), AT_ONCE);
    const before = novelty.range;
    expect(readNovelty(novelty, giant, AT_ONCE)).toBeGreaterThan(100);
    learnNovelty(novelty, giant, START + 2 * DAY, AT_ONCE, false);
    for (const number of noise(32, 5)) learnNovelty(novelty, number, START + 2 * DAY, AT_ONCE, false);
    expect(novelty.range).toBeLessThan(5 * before);
    expect(readNovelty(novelty, 30, AT_ONCE)).toBeGreaterThan(0.5);
  });

  test("counts for a million ranges at most", () => {
    expect(readNovelty(learned(noise(500), AT_ONCE), 1e38, AT_ONCE)).toBe(1e6);
  });
});

describe("the same value is never news", () => {
  const large = fc.double({ min: -1e30, max: 1e30, noNaN: true });

  test("however 32 bits round it", () => {
    fc.assert(
      fc.property(large, (value) => {
        const novelty = learned(Array<number>(40).fill(value), AT_ONCE);
        expect(Math.abs(readNovelty(novelty, value, AT_ONCE))).toBe(0);
      }),
    );
  });

  test("nor is one of two", () => {
    fc.assert(
      fc.property(large, large, (a, b) => {
        const novelty = learned(
          Array.from({ length: 40 }, (_, row) => (row % 2 === 0 ? a : b)),
          AT_ONCE,
        );
        // One stands for both where they are neighbours.
        for (const value of [a, b]) expect(readNovelty(novelty, value, AT_ONCE)).toBeLessThanOrEqual(0.05);
      }),
    );
  });
});

describe("what is accepted between two numbers", () => {
  const known = () => learned(noise(400), THREE);

  test("is known at once from one end to the other, and not beyond", () => {
    const novelty = known();
    const far = (number: number) => readNovelty(novelty, number, THREE);
    const before = far(30);
    acceptBetween(novelty, [27, 33], START + DAY * 2, THREE);
    for (const number of [27, 28.5, 30, 33]) expect(far(number)).toBe(0);
    expect(before).toBeGreaterThan(3);
    expect(far(36)).toBeCloseTo(3 / novelty.range, 4);
    expect(familiarEnds(novelty, 0.5, THREE)![1]).toBeCloseTo(33 + 0.5 * novelty.range, 3);
  });

  test("is not given up for what comes anew, until it was not met for long", () => {
    const novelty = learned(noise(400), AT_ONCE);
    acceptBetween(novelty, [2_990, 3_010], START + 2 * DAY, AT_ONCE);
    const uniform = seeded(4);
    const wander = (day: number) => {
      for (let row = 0; row < 288; row++) learnNovelty(novelty, -1_000 * uniform(), START + day * DAY + row * 5 * MINUTE, AT_ONCE, false);
    };
    for (let day = 3; day < 10; day++) wander(day);
    expect(novelty.n).toBe(AT_ONCE.prototypes);
    expect(readNovelty(novelty, 3_000, AT_ONCE)).toBe(0);
    learnNovelty(novelty, -5_000, START + 50 * DAY, AT_ONCE, false);
    expect(readNovelty(novelty, 3_000, AT_ONCE)).toBeGreaterThan(0);
  });

  test("stays for three such ranges: the fourth takes the place of the one that was not met for longest", () => {
    const novelty = known();
    for (const [row, middle] of [30, 60, 90, 120].entries())
      acceptBetween(novelty, [middle - 5, middle + 5], START + (2 + row) * DAY, THREE);
    expect([34, 64, 94, 124].map((number) => readNovelty(novelty, number, THREE) === 0)).toEqual([false, true, true, true]);
  });
});

test("what was saved and loaded is the same and goes on as what was not, whatever was learned and in whichever year", () => {
  const number = fc.oneof(
    fc.double({ min: -1e38, max: 1e38, noNaN: true }),
    fc.double({ min: -10, max: 10, noNaN: true }),
    fc.constantFrom(0, 5e-324, 7),
  );
  const later = fc.oneof({ weight: 20, arbitrary: fc.nat({ max: 3 * HOUR }) }, { weight: 1, arbitrary: fc.nat({ max: 900 * DAY }) });
  const sighting = fc.tuple(number, later, fc.boolean());
  const from = fc.constantFrom(0, START, Date.UTC(2447, 11, 31), Date.UTC(9999, 0, 1));
  fc.assert(
    fc.property(fc.constantFrom(AT_ONCE, THREE), from, fc.array(sighting, { maxLength: 200 }), (options, start, sightings) => {
      const novelty = createNovelty(options);
      let at = start;
      for (const [value, wait, accept] of sightings) {
        learnNovelty(novelty, value, (at += wait), options, accept);
        if (accept) acceptBetween(novelty, [value - 1, value + 1], at, options);
      }
      const reader = byteReader(bytesOf(novelty));
      const again = decodeNovelty(reader, options);
      expect(reader.left).toBe(0);
      for (const value of [0, 1, -1e30, 5]) {
        expect(readNovelty(again, value, options)).toBe(readNovelty(novelty, value, options));
        at += HOUR;
        for (const either of [novelty, again]) learnNovelty(either, value, at, options, false);
      }
      expect(bytesOf(again)).toEqual(bytesOf(novelty));
    }),
    { numRuns: 60 },
  );
});
