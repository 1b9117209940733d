import { describe, expect, test } from "@jest/globals";
import { meanOf } from "../measure.ts";
import { BASE_KINDS, generateBase } from "./bases.ts";
import { INCIDENT_KINDS, putIncident, scaleAt, SIZES } from "./synthetic.ts";

const DAYS = 28;
const SPACING_MS = 300_000;
const bases = BASE_KINDS.flatMap((kind) => [21, 22, 23].map((seed) => generateBase(kind, seed, DAYS)));
const all = bases.flatMap((base) =>
  INCIDENT_KINDS.flatMap((kind) => {
    const incident = putIncident(base, kind);
    return incident === null ? [] : [{ base, incident }];
  }),
);
const same = (a: Float64Array, b: Float64Array): boolean => a.length === b.length && a.every((value, row) => value === b[row]);

/** Where an incident differs from its base, as times. */
function changedTimes({ base, incident }: (typeof all)[number]): number[] {
  const made = new Map(Array.from(incident.timestamps, (timestamp, row) => [timestamp, incident.values[row]!]));
  return [...base.timestamps].filter((timestamp, row) => made.get(timestamp) !== base.values[row]);
}

test("the same kind and seed give the same series and the same incidents, another seed others", () => {
  for (const kind of BASE_KINDS) {
    const [one, again, other] = [21, 21, 22].map((seed) => generateBase(kind, seed, DAYS));
    expect(same(again!.values, one!.values)).toBe(true);
    expect(same(other!.values, one!.values)).toBe(false);
    for (const incident of INCIDENT_KINDS) {
      const [first, second] = [one, again].map((base) => putIncident(base!, incident));
      expect(second?.labels).toEqual(first?.labels);
      expect(same(second?.values ?? new Float64Array(), first?.values ?? new Float64Array())).toBe(true);
    }
  }
});

test("every value is a number that its series can have", () => {
  for (const { base, incident } of all) {
    expect(incident.values.every(Number.isFinite)).toBe(true);
    if (base.kind !== "sawtooth") expect(Math.min(...incident.values)).toBeGreaterThanOrEqual(0);
    if (base.kind === "cpu") expect(Math.max(...incident.values)).toBeLessThanOrEqual(100);
    if (base.counts) expect(incident.values.every(Number.isInteger)).toBe(true);
  }
});

test("labels are where a series differs from its base, and nowhere else; missing points are told by the one after them", () => {
  for (const made of all) {
    const { incident } = made;
    const times = changedTimes(made);
    expect(times[0]).toBeGreaterThanOrEqual(incident.labels[0]!.from);
    for (const time of times) expect(incident.labels.some(({ from, to }) => from <= time && time <= to)).toBe(true);
    for (const { from, to } of incident.labels) {
      const inside = times.filter((time) => from <= time && time <= to).length;
      const labelled = (to - from) / SPACING_MS + 1;
      if (incident.kind === "missing") expect(inside).toBe(labelled - 1);
      else expect(inside).toBeGreaterThan(labelled / 2);
      expect(incident.timestamps.includes(to)).toBe(true);
    }
    for (const column of ["timestamps", "values"] as const) {
      expect(same(incident[column].subarray(0, incident.from), made.base[column].subarray(0, incident.from))).toBe(true);
    }
  }
});

describe("sizes in robust scales", () => {
  const free = all.filter(({ base }) => !base.counts && base.kind !== "cpu");
  /** How far each labelled value of a kind is from its base, in scales. */
  const effects = (kind: string): number[][] =>
    free
      .filter(({ incident }) => incident.kind === kind)
      .flatMap(({ base, incident }) =>
        incident.labels.map(({ from, to }) => {
          const first = base.timestamps.indexOf(from);
          const rows = Array.from({ length: (to - from) / SPACING_MS + 1 }, (_, since) => first + since);
          return rows.map((row) => (incident.values[row]! - base.values[row]!) / incident.scale);
        }),
      );

  test("a spike is 8 for 1 to 3 points, and what recurs is that 4 times", () => {
    const spikes = effects("spike");
    expect(new Set(spikes.map(({ length }) => length)).size).toBeGreaterThan(1);
    for (const effect of [...spikes, ...effects("recurring")].flat()) expect(Math.abs(effect)).toBeCloseTo(SIZES.spike, 6);
    for (const { incident } of all) expect(incident.labels).toHaveLength(incident.kind === "recurring" ? 4 : 1);
  });

  test("a shift is 4 throughout, and a ramp comes to 6 after two hours", () => {
    expect(effects("shift").length).toBeGreaterThan(0);
    expect(effects("ramp").length).toBeGreaterThan(0);
    for (const effect of effects("shift")
      .flat()
      .filter((one) => one > 0))
      expect(effect).toBeCloseTo(SIZES.shift, 6);
    for (const ramp of effects("ramp").filter(([first]) => first! > 0)) {
      expect(ramp[11]).toBeCloseTo(SIZES.ramp / 2, 6);
      expect(ramp[23]).toBeCloseTo(SIZES.ramp, 6);
      expect(ramp.at(-1)).toBeCloseTo(SIZES.ramp, 6);
    }
  });

  test("noise is 4 times itself: an hour of it lies that far from what is expected", () => {
    const noisy = free.filter(({ base, incident }) => incident.kind === "noise" && base.kind === "sawtooth");
    for (const { base, incident } of noisy) {
      const residual = incident.values.map((value, row) => value - base.expected[row]!);
      expect(residual[incident.from]).toBeCloseTo(SIZES.noise * (base.values[incident.from]! - base.expected[incident.from]!), 6);
    }
    expect(noisy).toHaveLength(3);
  });

  test("a contextual incident is within the range of its series, and at least 4 from what is expected", () => {
    const made = all.filter(({ incident }) => incident.kind === "contextual");
    expect(made.length).toBeGreaterThan(5);
    for (const { base, incident } of made) {
      const value = incident.values[incident.from]!;
      expect(value).toBeGreaterThanOrEqual(Math.min(...base.values));
      expect(value).toBeLessThanOrEqual(Math.max(...base.values));
      expect(Math.abs(value - base.expected[incident.from]!)).toBeGreaterThanOrEqual(SIZES.contextual * scaleAt(base, incident.from));
    }
  });

  test("what is stuck is so for 12 points at least, what is zero for 3", () => {
    const rows = (kind: string) => all.filter(({ incident }) => incident.kind === kind);
    for (const [kind, least] of [
      ["stuck", 12],
      ["zero", 3],
    ] as const) {
      expect(rows(kind).length).toBeGreaterThan(0);
      for (const { base, incident } of rows(kind)) {
        const { from, to } = incident.labels[0]!;
        const labelled = incident.values.slice(base.timestamps.indexOf(from), base.timestamps.indexOf(to) + 1);
        expect(labelled.length).toBeGreaterThanOrEqual(least);
        expect(new Set(labelled).size).toBe(1);
        expect(labelled[0]).toBe(kind === "zero" ? 0 : base.values[incident.from - 1]!);
      }
    }
  });
});

test("the scales of a base's days are on average that of its noise", () => {
  for (const base of bases.filter(({ kind }) => kind === "sawtooth")) {
    const residuals = base.values.map((value, row) => value - base.expected[row]!);
    const deviation = Math.hypot(...residuals) / Math.sqrt(residuals.length);
    const scales = Array.from({ length: DAYS - 1 }, (_, day) => scaleAt(base, (day + 0.5) * 288));
    const ratio = meanOf(scales) / deviation;
    expect(ratio).toBeGreaterThan(0.95);
    expect(ratio).toBeLessThan(1.05);
  }
});
