import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { generateSeries, normal, poisson, seeded } from "../../testing/series-generators.ts";
import { advance, createDetector } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import type { DetectOptions, PointScore } from "./score-point.ts";
import { decodeState, encodeState, MAX_STATE_BYTES } from "./state-codec.ts";
import { wallClock } from "./wall-clock.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const STEP = 5 * MINUTE;
const DAY_POINTS = 288;
const MONDAY = Date.UTC(2026, 0, 5);
const OPTIONS = { sensitivity: 0.5 };
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

type Row = readonly [timestamp: number, value: number];
const columns = (rows: readonly Row[]) => ({
  timestamps: Float64Array.from(rows, ([timestamp]) => timestamp),
  values: Float64Array.from(rows, ([, value]) => value),
});
const scoresOf = (rows: readonly Row[], timezone = "UTC", options: DetectOptions = OPTIONS): PointScore[] =>
  advance(createDetector({ timezone }), columns(rows), options);
const every = (cadence: number, n: number, valueAt: (row: number, at: number) => number, from = MONDAY): Row[] =>
  Array.from({ length: n }, (_, row) => [from + row * cadence, valueAt(row, from + row * cadence)] as const);
const anomalies = (scores: readonly PointScore[]) => scores.filter(({ anomalous }) => anomalous).map(({ timestamp }) => timestamp);
const reload = (state: DetectorState): DetectorState => {
  const decoded = decodeState(encodeState(state));
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value;
};

describe("daylight saving", () => {
  test.each([
    ["Europe/Berlin", Date.UTC(2026, 2, 29, 1)],
    ["Europe/Berlin", Date.UTC(2026, 9, 25, 1)],
    ["America/New_York", Date.UTC(2026, 10, 1, 6)],
    ["America/St_Johns", Date.UTC(2026, 2, 8, 5, 30)],
    ["Australia/Lord_Howe", Date.UTC(2026, 3, 4, 15)],
    ["Australia/Lord_Howe", Date.UTC(2026, 9, 3, 15, 30)],
  ])("in %s: a series that follows the wall clock does not alarm on the three days from its change on", (timezone, change) => {
    const uniform = seeded(change % 97);
    const valueAt = (at: number) => {
      const hour = (wallClock(at, timezone) % DAY) / HOUR;
      return (hour >= 9 && hour < 18 ? 500 : 60) + 30 * uniform();
    };
    const rows = every(HOUR / 2, 24 * 48, (_, at) => valueAt(at), change - 21 * DAY);
    const after = scoresOf(rows, timezone).filter(({ timestamp }) => timestamp >= change);
    expect(after).toHaveLength(3 * 48);
    expect(anomalies(after)).toEqual([]);
  });

  test("the expected values move with the wall clock, where a detector that knows no zone expects the old hour", () => {
    const change = Date.UTC(2026, 2, 29, 1);
    const opens = (at: number) => (new Date(wallClock(at, "Europe/Berlin")).getUTCHours() >= 9 ? 500 : 60);
    const rows = every(HOUR / 2, 23 * 48, (_, at) => opens(at), change - 21 * DAY);
    // The first point after the clocks have changed at which shops are open.
    const opening = rows.findIndex(([at, value]) => at > change && value === 500);
    const [local, utc] = ["Europe/Berlin", "UTC"].map((timezone) => scoresOf(rows.slice(0, opening + 1), timezone).at(-1)!.expected!);
    expect(local).toBeGreaterThan(400);
    expect(utc).toBeLessThan(200);
  });
});

describe("holidays", () => {
  // Busy in the daytime of weekdays, quiet on weekends and on the Wednesday of the eighth week.
  const holiday = 51;
  const uniform = seeded(1);
  const rows = every(HOUR, 53 * 24, (row) => {
    const [day, hour] = [Math.floor(row / 24), row % 24];
    const busy = day % 7 < 5 && day !== holiday;
    return (hour >= 8 && hour < 20 ? (busy ? 300 : 120) : 60) + 6 * normal(uniform);
  });
  const onAndAfter = (holidays: ReadonlySet<string>) => {
    const scores = scoresOf(rows, "UTC", { ...OPTIONS, holidays });
    return [anomalies(scores.slice(holiday * 24, (holiday + 1) * 24)).length, anomalies(scores.slice((holiday + 1) * 24)).length];
  };

  test("one that the calendar has does not alarm, nor does the day after it; one that it has not does", () => {
    expect(onAndAfter(new Set(["2026-02-25"]))).toEqual([0, 0]);
    expect(onAndAfter(new Set())[0]).toBeGreaterThan(0);
  });
});

describe("gaps", () => {
  const uniform = seeded(21);
  const calm = every(STEP, 5 * DAY_POINTS, () => 100 + normal(uniform));
  const last = calm.at(-1)![0];

  test("a gap puts no point into the state: it holds as many as came", () => {
    const state = createDetector();
    advance(state, columns(calm), OPTIONS);
    const before = state.learned.n + state.waiting.length;
    advance(state, columns([[last + 3 * DAY, 100]]), OPTIONS);
    expect(state.learned.n + state.waiting.length).toBe(before + 1);
    expect(state.learned.forecaster.n).toBe(state.learned.n);
    // Of three days without a point one counts as observed.
    expect(state.learned.observedMs).toBeLessThanOrEqual(6 * DAY);
  });

  test("the first point after one says that points are missing, and nothing worse; those after it say nothing", () => {
    const rows = every(STEP, DAY_POINTS, () => 100 + normal(uniform), last + 6 * HOUR);
    const scores = scoresOf([...calm, ...rows]).slice(calm.length);
    expect(scores[0]).toMatchObject({ anomalous: true, severity: "low" });
    expect(scores[0]!.methods["no-data"]!.score).toBeGreaterThan(0.4);
    expect(anomalies(scores.slice(1))).toEqual([]);
  });

  test("one that a daily gap has made known is no news", () => {
    // Eighteen hours of points a day.
    const rows = Array.from({ length: 14 }, (_, day) => every(STEP, 216, () => 100 + normal(uniform), MONDAY + day * DAY)).flat();
    expect(anomalies(scoresOf(rows).slice(7 * 216))).toEqual([]);
  });
});

describe("constants", () => {
  test.each([0, 7, -1e30, 1e12, 0.1])("%d for ever is no anomaly, the first other value is one", (value) => {
    const scores = scoresOf([...every(MINUTE, 800, () => value), [MONDAY + 800 * MINUTE, value === 0 ? 1 : value / 2]]);
    expect(anomalies(scores.slice(0, -1))).toEqual([]);
    expect(scores.at(-1)).toMatchObject({ anomalous: true, expected: value });
  });
});

describe("counts near zero", () => {
  test("small counts with a rush hour make no more than two false alarms in a week", () => {
    const uniform = seeded(31);
    const rows = every(STEP, 7 * DAY_POINTS, (row) => poisson(uniform, row % DAY_POINTS < 36 ? 3 : 0.2));
    const alarms = anomalies(scoresOf(rows));
    const episodes = alarms.filter((at, place) => place === 0 || at - alarms[place - 1]! > HOUR);
    expect(episodes.length).toBeLessThanOrEqual(2);
  });

  test("a hundred where there were none or a few", () => {
    const uniform = seeded(32);
    const rows = every(STEP, 3 * DAY_POINTS, () => poisson(uniform, 0.3));
    expect(scoresOf([...rows, [MONDAY + 3 * DAY, 100]]).at(-1)).toMatchObject({
      anomalous: true,
      direction: "above",
      severity: "critical",
    });
  });

  test("a series that began with zeros has a band around what it is now", () => {
    const uniform = seeded(33);
    const rows = every(STEP, 2 * DAY_POINTS, (row) => (row < 30 ? 0 : 100 + 5 * normal(uniform)));
    const within = scoresOf(rows, "UTC", { ...OPTIONS, band: true })
      .slice(DAY_POINTS)
      .filter(({ value, lo, hi }) => value >= lo! && value <= hi!);
    expect(within.length).toBeGreaterThan(0.98 * DAY_POINTS);
  });
});

describe("percent bounds", () => {
  test("a percentage that rests on 100 alarms when it leaves it for long, not when it dips as it does", () => {
    const uniform = seeded(41);
    const rows = every(STEP, 5 * DAY_POINTS, () => Math.min(100, 101 + 2 * normal(uniform)));
    expect(anomalies(scoresOf(rows).slice(2 * DAY_POINTS)).length).toBeLessThanOrEqual(2);
    const [drop] = scoresOf([...rows, [MONDAY + 5 * DAY, 40]]).slice(-1);
    expect(drop).toMatchObject({ anomalous: true, direction: "below" });
  });
});

describe("warming up", () => {
  test("the twentieth point is the last without a score, the two hundredth the last that is capped at medium", () => {
    const uniform = seeded(51);
    const rows = every(STEP, 202, () => 100 + normal(uniform));
    const scores = scoresOf(rows);
    expect(scores.findIndex(({ severity }) => severity !== null)).toBe(20);
    expect(scores.findIndex(({ warmingUp }) => !warmingUp)).toBe(200);
  });
});

describe("a level shift", () => {
  test.each([1, 7, 13])("is one anomaly at its start, without a hole of an hour, and normal a day later (series %d)", (seed) => {
    const uniform = seeded(seed);
    const rows = every(STEP, 8 * DAY_POINTS, (row) => (row < 6 * DAY_POINTS ? 50 : 80) + normal(uniform));
    const scores = scoresOf(rows).slice(6 * DAY_POINTS);
    const found = scores.flatMap(({ anomalous }, row) => (anomalous && row < 36 ? [row] : []));
    expect(found.slice(0, 4)).toEqual([0, 1, 2, 3]);
    for (const [place, row] of found.slice(1).entries()) expect(row - found[place]!).toBeLessThanOrEqual(12);
    expect(anomalies(scores.slice(DAY_POINTS + 144)).length).toBeLessThanOrEqual(1);
    expect(Math.abs(scores.at(-1)!.expected! - 80)).toBeLessThan(2);
  });

  test("is one episode on its day, and then the series is about as calm as one that had none: what it tells are false alarms", () => {
    const tally = (size: number) => {
      let [ofOne, calm] = [0, 0];
      for (let seed = 1; seed <= 10; seed++) {
        const uniform = seeded(seed);
        const rows = every(STEP, 9 * DAY_POINTS, (row) => (row < 6 * DAY_POINTS ? 50 : 50 + size) + normal(uniform));
        const flags = scoresOf(rows)
          .slice(6 * DAY_POINTS)
          .map(({ anomalous }) => anomalous);
        const begins = flags.flatMap((flag, row) => (flag && flags[row - 1] !== true ? [row] : []));
        if (size > 0) expect(begins[0]).toBeLessThan(24);
        if (begins.filter((row) => row < DAY_POINTS).length === 1) ofOne += 1;
        if (begins.every((row) => row < DAY_POINTS)) calm += 1;
      }
      return { ofOne, calm };
    };
    const [none, small, large] = [tally(0), tally(4), tally(30)];
    expect(large.ofOne).toBe(10);
    expect(small.ofOne).toBeGreaterThanOrEqual(7);
    expect(large.calm).toBeGreaterThanOrEqual(none.calm - 1);
    // Of 60 series 41 are calm from then on, and of as many without a shift 46: these ten differ by chance.
    expect(small.calm).toBeGreaterThanOrEqual(none.calm - 3);
  });
});

describe("news", () => {
  /** How many of eight points each are anomalous: of an incident in a daily wave, and of the same one some hours later. */
  function foundTwice(seed: number, hoursLater: number, incident: (value: number) => number): readonly [first: number, again: number] {
    const uniform = seeded(seed);
    const [first, again] = [7 * DAY_POINTS + 40, 7 * DAY_POINTS + 40 + hoursLater * 12];
    const rows = every(STEP, again + 8, (row) => {
      const value = 200 + 80 * Math.sin((2 * Math.PI * row) / DAY_POINTS) + 5 * normal(uniform);
      return (row >= first && row < first + 8) || row >= again ? incident(value) : value;
    });
    const scores = scoresOf(rows);
    return [anomalies(scores.slice(first, first + 8)).length, anomalies(scores.slice(again)).length];
  }

  test.each([1, 2, 3, 4])(
    "an outage is told of with each of its points, and again when it comes twenty hours later (series %d)",
    (seed) => {
      expect(foundTwice(seed, 20, () => 0)).toEqual([8, 8]);
    },
  );

  test.each([
    [1, 3],
    [2, 6],
  ])("a marginal incident is told of, and not again hours later (series %d, %d hours)", (seed, hours) => {
    const [first, again] = foundTwice(seed, hours, (value) => value - 30);
    expect(first).toBeGreaterThan(5);
    expect(again).toBe(0);
  });
});

describe("what is no point", () => {
  test.each([NaN, Infinity, -Infinity])(
    "the timestamp %d is refused like such a value, and so are columns of different length",
    (timestamp) => {
      const state = createDetector();
      advance(state, columns(every(STEP, 30, (row) => row)), OPTIONS);
      const before = encodeState(state);
      expect(() =>
        advance(
          state,
          columns([
            [LATEST, 1],
            [timestamp, 1],
          ]),
          OPTIONS,
        ),
      ).toThrow(RangeError);
      expect(() => advance(state, { timestamps: Float64Array.of(LATEST, LATEST), values: Float64Array.of(1) }, OPTIONS)).toThrow(
        RangeError,
      );
      expect(encodeState(state)).toEqual(before);
    },
  );
});

/** Stretches of points, each with a cadence and values of its own: any series that the doors let in, and many that nobody sends. */
const stretch = fc.record({
  cadence: fc.constantFrom(1, 999, MINUTE, STEP, HOUR, DAY, 30 * DAY),
  jitter: fc.constantFrom(0, 0, 0.5, 3),
  kind: fc.constantFrom("extreme", "subnormal", "noise", "magnitudes", "counts", "constant"),
  n: fc.integer({ min: 1, max: 60 }),
  jump: fc.constantFrom(0, 0, -STEP, -DAY, DAY, 400 * DAY, 1e13),
  seed: fc.nat({ max: 1_000 }),
});
const EXTREMES = [1e308, -1e308, 1.7e308, 5e-324, -5e-324, 2.2e-308, 0, 1e30, -1e30, 1];
const VALUES: Readonly<Record<string, (uniform: () => number) => number>> = {
  extreme: (uniform) => EXTREMES[Math.floor(EXTREMES.length * uniform())]!,
  subnormal: (uniform) => 5e-324 * Math.floor(4 * uniform()),
  noise: (uniform) => 100 + normal(uniform),
  magnitudes: (uniform) => Math.max(-1.7e308, Math.min(1.7e308, normal(uniform) * 10 ** (600 * uniform() - 300))),
  counts: (uniform) => poisson(uniform, 0.5),
  constant: () => 7,
};
const hostileRows = fc
  .tuple(fc.constantFrom(0, MONDAY, LATEST - DAY), fc.array(stretch, { minLength: 1, maxLength: 8 }))
  .map(([from, stretches]) => {
    let at = from;
    return stretches.flatMap(({ cadence, jitter, kind, n, jump, seed }) => {
      const uniform = seeded(seed);
      at += jump;
      return Array.from({ length: n }, (): Row => {
        at = Math.max(0, Math.min(LATEST, Math.round(at + cadence * (1 + jitter * normal(uniform)))));
        return [at, VALUES[kind]!(uniform)];
      });
    });
  });

describe("any series", () => {
  test("neither crashes nor grows the state, has scores from 0 to 1 and numbers that are finite, and its state is what was saved", () => {
    fc.assert(
      fc.property(hostileRows, fc.constantFrom("UTC", "America/Argentina/ComodRivadavia"), (rows, timezone) => {
        const state = createDetector({ timezone });
        for (const { score, expected, lo, hi, daysPerFalseAlarm, consensus, methods } of advance(state, columns(rows), {
          ...OPTIONS,
          band: true,
        })) {
          for (const number of [expected, lo, hi, daysPerFalseAlarm]) {
            if (number !== null && !Number.isFinite(number)) throw new Error(`${String(number)} is no number`);
          }
          for (const share of [score, consensus, ...Object.values(methods).map((method) => method.score)]) {
            if (!(share >= 0 && share <= 1)) throw new Error(`${String(share)} is no share`);
          }
        }
        const bytes = encodeState(state);
        expect(bytes.length).toBeLessThanOrEqual(MAX_STATE_BYTES);
        expect(encodeState(reload(state))).toEqual(bytes);
      }),
      { numRuns: 20 },
    );
  });

  test("of many kinds by turns, with gaps and bursts, fills a state to no more than it may have", () => {
    const uniform = seeded(9);
    const kinds: readonly ((level: number, share: number) => number)[] = [
      () => 10 * normal(uniform),
      (_level, share) => (uniform() < share ? 0 : 100 + 50 * uniform()),
      () => 100 * Math.floor(8 * uniform()),
      (level) => level + Math.tan(Math.PI * (uniform() - 0.5)),
    ];
    const state = createDetector({ timezone: "America/Argentina/ComodRivadavia" });
    let [at, largest, waiting] = [MONDAY, 0, 0];
    // People have accepted something of each day.
    const verdicts = Array.from({ length: 60 }, (_, day) => ({
      from: MONDAY + day * DAY,
      to: MONDAY + day * DAY + HOUR,
      verdict: "expected" as const,
    }));
    const options = { ...OPTIONS, verdicts };
    for (let block = 0; block < 56; block++) {
      const [kind, level, share] = [kinds[Math.floor(4 * uniform())]!, 100 * Math.floor(9 * uniform()), uniform()];
      const rows = Array.from({ length: 80 }, (_, row): Row => [(at += row % 40 === 0 ? 5 * HOUR : STEP), kind(level, share)]);
      advance(state, columns(rows), options);
      if (block < 50) continue;
      for (let point = 0; point < 28; point++) {
        at += 1_000;
        advance(state, columns([[at, kind(level, share)]]), options);
        largest = Math.max(largest, encodeState(state).length);
        waiting = Math.max(waiting, state.waiting.length);
      }
    }
    expect(waiting).toBe(12);
    expect(largest).toBeGreaterThan(7_800);
    expect(largest).toBeLessThanOrEqual(MAX_STATE_BYTES);
  });

  test("split anywhere, saved and loaded between, with gaps, duplicates and points out of order among it, says the same and leads to the same state", () => {
    fc.assert(
      fc.property(hostileRows, fc.array(fc.nat({ max: 360 }), { maxLength: 10 }), (rows, cuts) => {
        const whole = createDetector();
        const scores = advance(whole, columns(rows), OPTIONS);
        let state = createDetector();
        const bounds = [0, ...new Set(cuts.filter((cut) => cut < rows.length).toSorted((a, b) => a - b)), rows.length];
        const split = bounds.slice(1).flatMap((end, part) => {
          const own = advance(state, columns(rows.slice(bounds[part], end)), OPTIONS);
          state = reload(state);
          return own;
        });
        expect(split).toEqual(scores);
        expect(encodeState(state)).toEqual(encodeState(whole));
      }),
      { numRuns: 12 },
    );
  });

  test("an ordinary one, in which each tenth point is missing, late, early or there twice, too", () => {
    const { timestamps, values } = generateSeries("traffic", 903, 2);
    const uniform = seeded(61);
    const order = [...timestamps.keys()].flatMap((row) => {
      const chance = uniform();
      if (chance < 0.03) return [];
      const times = chance < 0.05 ? 2 : 1;
      const delay = chance > 0.97 ? 1 + 6 * uniform() : 0;
      return Array.from({ length: times }, (_, time) => ({ row, at: row + delay + time * 1.5 }));
    });
    const rows = order.toSorted((a, b) => a.at - b.at).map(({ row }): Row => [timestamps[row]!, values[row]!]);
    const whole = createDetector();
    const scores = advance(whole, columns(rows), OPTIONS);
    expect(scores.some(({ late }) => late)).toBe(true);
    for (const size of [1, 40]) {
      let state = createDetector();
      for (let from = 0; from < rows.length; from += size) {
        expect(advance(state, columns(rows.slice(from, from + size)), OPTIONS)).toEqual(scores.slice(from, from + size));
        state = reload(state);
      }
      expect(encodeState(state)).toEqual(encodeState(whole));
    }
  });
});

test.each([1, 1e9, 1e15])(
  "a series that begins with zeros and then lives around %d: what it is then is learned, and a spike stands out",
  (size) => {
    const uniform = seeded(5);
    const values = Float64Array.from({ length: 6 * 288 }, (_, row) => (row < 100 ? 0 : size * (100 + 5 * normal(uniform))));
    values[5 * 288] = size * 150;
    const timestamps = Float64Array.from(values, (_, row) => Date.UTC(2026, 0, 5) + row * 300_000);
    const scores = advance(createDetector(), { timestamps, values }, { sensitivity: 0.5, band: true });
    expect(scores.slice(20).every(({ score, expected, lo, hi }) => [score, expected, lo, hi].every(Number.isFinite))).toBe(true);
    expect(scores[5 * 288]).toMatchObject({ anomalous: true, direction: "above" });
    expect(scores.slice(2 * 288, 5 * 288).filter(({ anomalous }) => anomalous).length).toBeLessThanOrEqual(2);
  },
);
