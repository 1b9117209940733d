import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { explain } from "./explanation.ts";
import type { Finding } from "./explanation.ts";
import { METHODS } from "./methods.ts";
import { scoreOf } from "./severity.ts";

const finding = (changes: Partial<Finding> = {}): Finding => ({
  value: 500,
  expected: 50,
  lo: 45.5,
  hi: 54.256,
  daysPerFalseAlarm: 343,
  goesOn: false,
  perSecond: false,
  methods: { "value-novelty": { score: 0.9, weight: 1 } },
  ...changes,
});
const first = (changes: Partial<Finding>) => explain(finding({ methods: {}, daysPerFalseAlarm: null, ...changes })).text;

describe("an explanation", () => {
  test("says how far off a point is, how rare it is, and why", () => {
    expect(explain(finding())).toEqual({
      text: "500 is 450 (900%) above the expected 50 (45.5 to 54.26). A point like it comes about once in 340 days: a value that this series has not had.",
      rarity: "about once in 340 days",
      reasons: [{ method: "value-novelty", text: "a value that this series has not had", score: 0.9 }],
    });
  });

  test("of a point that goes on with a run does not claim the run's rarity for it", () => {
    const { text, rarity } = explain(finding({ value: 57, goesOn: true }));
    expect(text).toBe(
      "57 is 7 (14%) above the expected 50 (45.5 to 54.26). It goes on with what comes about once in 340 days. What is unusual: a value that this series has not had.",
    );
    expect(rarity).toBe("about once in 340 days");
    expect(explain(finding({ methods: {}, goesOn: true })).text).toMatch(/\. It goes on with what comes about once in 340 days\.$/);
  });

  test.each<[Partial<Finding>, RegExp]>([
    [{}, /^500 a second is 450 \(900%\) above the expected 50 \(45\.5 to 54\.26\)\. /],
    [{ value: 51 }, /^51 a second by itself lies within /],
    [{ value: 50, lo: null, hi: null }, /^50 a second by itself is what /],
    [{ expected: null }, /^The value is 500 a second\. /],
  ])("of a counter with %j says that it speaks of what is added a second", (changes, text) => {
    expect(explain(finding({ ...changes, perSecond: true })).text).toMatch(text);
  });

  test.each<[string, Partial<Finding>, string, string]>([
    ["above", {}, "above what is usual for some time", "more restless than is usual"],
    ["below", { value: 5 }, "below what is usual for some time", "more restless than is usual"],
    ["within its band", { value: 51 }, "above what is usual for some time", "steadier or more restless than is usual"],
    ["as expected", { value: 50 }, "off to one side for some time", "steadier or more restless than is usual"],
    [
      "without anything expected",
      { expected: null, lo: null, hi: null },
      "off to one side for some time",
      "steadier or more restless than is usual",
    ],
  ])("of a point %s says to which side it is, where that is known", (_, changes, shifted, spread) => {
    const methods = { "level-shift": { score: 0.9, weight: 1 }, volatility: { score: 0.8, weight: 1 } };
    expect(explain(finding({ methods, ...changes })).reasons.map(({ text }) => text)).toEqual([shifted, spread]);
  });

  test.each<[number | null, string | null]>([
    [null, null],
    [0.1, "several times a day"],
    [0.39, "several times a day"],
    [0.5, "about twice a day"],
    [1, "about once a day"],
    [1.7, "about once in 2 days"],
    [9.7, "about once in 10 days"],
    [39.6, "about once in 40 days"],
    [367, "about once in 370 days"],
    [2_345, "about once in 2,300 days"],
    [10_000, "less than once in 10,000 days"],
    [1e9, "less than once in 10,000 days"],
  ])("of %p days per false alarm calls it %p", (daysPerFalseAlarm, rarity) => {
    expect(explain(finding({ daysPerFalseAlarm })).rarity).toBe(rarity);
  });

  test.each<[string, Partial<Finding>, string]>([
    ["below", { value: 5, lo: null, hi: null }, "5 is 45 (90%) below the expected 50."],
    ["without a band", { lo: null, hi: null }, "500 is 450 (900%) above the expected 50."],
    ["with an end of the band alone", { lo: null }, "500 is 450 (900%) above the expected 50."],
    ["of an expected 0, which has no percentage", { value: 3, expected: 0, lo: -1, hi: 1 }, "3 is 3 above the expected 0 (-1 to 1)."],
    ["near 0 as the band goes", { value: 9, expected: 0.1, lo: -2, hi: 2 }, "9 is 8.9 above the expected 0.1 (-2 to 2)."],
    ["of a negative", { value: -20, expected: -10, lo: -12, hi: -8 }, "-20 is 10 (100%) below the expected -10 (-12 to -8)."],
    ["within the band", { value: 51 }, "51 by itself lies within what was expected (45.5 to 54.26)."],
    [
      "near what was expected, in no more digits than the band needs",
      { value: 50.0012 },
      "50 by itself lies within what was expected (45.5 to 54.26).",
    ],
    ["as it was expected", { value: 50, lo: null, hi: null }, "50 by itself is what was expected."],
    ["while nothing is expected", { expected: null }, "The value is 500."],
    [
      "of thousands, whole",
      { value: 12_345.67, expected: 1_000.4, lo: 900, hi: 1_100 },
      "12,346 is 11,345 (1,130%) above the expected 1,000 (900 to 1,100).",
    ],
    [
      "of millions",
      { value: 2.5e9, expected: 1_234_567, lo: 1e6, hi: 1.5e6 },
      "2.5 billion is 2.499 billion above the expected 1.235 million (1 million to 1.5 million).",
    ],
    [
      "of a thousandth",
      { value: 0.00125, expected: 0.0001, lo: 0.00005, hi: 0.0002 },
      "0.00125 is 0.00115 (1,150%) above the expected 0.0001 (0.00005 to 0.0002).",
    ],
    [
      "that differs little, in as many digits as tell it apart",
      { value: 1_000_000.75, expected: 1_000_000.5, lo: 1_000_000.4, hi: 1_000_000.6 },
      "1,000,000.75 is 0.25 (less than 0.1%) above the expected 1,000,000.5 (1,000,000.4 to 1,000,000.6).",
    ],
    [
      "with a band that is narrower than four digits tell",
      { value: 101, expected: 100, lo: 99.99999, hi: 100.00001 },
      "101 is 1 (1%) above the expected 100 (99.99999 to 100.00001).",
    ],
    [
      "of millions that differ little, all of them in figures",
      { value: 1_234_567_890, expected: 1_230_000_000, lo: null, hi: null },
      "1,234,600,000 is 4,568,000 (0.4%) above the expected 1,230,000,000.",
    ],
    [
      "beyond all names",
      { value: 1e30, expected: 2e29, lo: null, hi: null },
      "1 × 10^30 is 8 × 10^29 (400%) above the expected 2 × 10^29.",
    ],
  ])("is given of a point %s", (_which, changes, text) => {
    expect(first(changes)).toBe(text);
  });

  test("has those methods that agree, the surest first, and not those that have no say; its text names three", () => {
    const methods = {
      residual: { score: 0.8, weight: 1 },
      "no-data": { score: 0.99, weight: 0 },
      flatline: { score: 0.1, weight: 1 },
      "level-shift": { score: scoreOf(10), weight: 1 },
      "seasonal-residual": { score: 0.5, weight: 0.3 },
      "log-novelty": { score: 0.9, weight: 0.8 },
    };
    const { reasons, text } = explain(finding({ methods }));
    expect(reasons.map(({ method }) => method)).toEqual(["log-novelty", "residual", "seasonal-residual", "level-shift"]);
    expect(text).toMatch(
      /: a value of a size .*; far from what was likely after the points before; far from what is usual at this time\.$/,
    );
  });

  test("has the surest method where none agrees by itself, and none where there is none", () => {
    const methods = { residual: { score: 0.2, weight: 1 }, flatline: { score: 0.3, weight: 1 }, "no-data": { score: 0, weight: 1 } };
    expect(explain(finding({ methods })).reasons).toEqual([expect.objectContaining({ method: "flatline" })]);
    expect(explain(finding({ methods: {} }))).toMatchObject({ reasons: [], text: expect.stringMatching(/340 days\.$/) });
    expect(explain(finding({ daysPerFalseAlarm: null })).text).toMatch(/\. What is unusual: a value that this series has not had\.$/);
  });

  test.each(METHODS.map(({ name }) => name))("has words for what %s finds", (name) => {
    const [reason] = explain(finding({ methods: { [name]: { score: 0.9, weight: 1 } } })).reasons;
    expect(reason!.text).not.toContain(name);
    expect(reason!.text).toMatch(/^[a-z]/);
  });

  test("of a method that there is no more still names it", () => {
    expect(explain(finding({ methods: { "old-one": { score: 0.9, weight: 1 } } })).reasons[0]!.text).toBe("found by old-one");
  });

  test("is short and free of exponents and of what is no number, whatever the values", () => {
    const value = fc.double({ noNaN: true, min: -1e30, max: 1e30 });
    const maybe = fc.option(value);
    fc.assert(
      fc.property(
        value,
        maybe,
        maybe,
        maybe,
        fc.option(fc.double({ min: 0, max: 1e4, noNaN: true })),
        (...[at, expected, lo, hi, days]) => {
          const { text } = explain(finding({ value: at, expected, lo, hi, daysPerFalseAlarm: days }));
          expect(text).not.toMatch(/NaN|Infinity|∞|undefined|null|\de[+-]?\d/);
          expect(text.length).toBeLessThan(400);
        },
      ),
    );
  });
});
