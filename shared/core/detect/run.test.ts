import { describe, expect, test } from "@jest/globals";
import { normal, seeded } from "../../testing/series-generators.ts";
import { clone } from "./clone.ts";
import { advance, createDetector } from "./detector.ts";
import { explain } from "./explanation.ts";
import { METHODS } from "./methods.ts";
import { createRun, learnRun } from "./run.ts";
import type { Run } from "./run.ts";
import type { DetectOptions, PointScore } from "./score-point.ts";

const STEP = 300_000;
const FIRST = Date.UTC(2026, 0, 5);
const BEFORE = 8 * 288;
const seeds = [1, 2, 3, 4, 5, 6];

/** Eight days around 100 of each seed, learned: what is asked for judges, and has no part in that. */
const known = seeds.map((seed) => {
  const uniform = seeded(seed);
  const state = createDetector();
  const values = Float64Array.from({ length: BEFORE }, () => 100 + normal(uniform));
  advance(state, { timestamps: timesFrom(0, BEFORE), values }, { sensitivity: 0.5 });
  return { state, last: values.at(-1)!, usual: Array.from({ length: 40 }, () => 100 + normal(uniform)) };
});

function timesFrom(row: number, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, more) => FIRST + (row + more) * STEP);
}

/** What comes next, on top of what is usual. */
function after(more: readonly number[], options: Partial<DetectOptions> = {}, seed = 1): PointScore[] {
  const { state, usual } = known[seed - 1]!;
  const values = Float64Array.from(more, (one, row) => usual[row]! + one);
  return advance(clone(state), { timestamps: timesFrom(BEFORE, more.length), values }, { sensitivity: 0.5, ...options });
}

describe("a run", () => {
  const found = METHODS.map(() => 0);
  /** Points of [how rare by itself, how rare as news, how far off]. */
  const runOf = (...points: readonly (readonly [standing: number, news: number, off: number])[]): Run => {
    const run = createRun();
    for (const [standing, news, off] of points) learnRun(run, { standing, news, off, offs: [off], expected: 100, found });
    return run;
  };

  test.each<[string, (readonly [number, number, number])[], Partial<Run>]>([
    ["begins with an unusual point", [[2, 2, 5]], { rarity: 2, lowest: 2, off: 5 }],
    ["keeps its rarest, and how common it has become since", [[2, 2, 5], [0.9, 0.5, 2], [1.2, 0.5, 3]], { rarity: 2, lowest: 0.9, off: 5 }], // prettier-ignore
    ["begins anew with what is rarer", [[1, 1, 5], [0.9, 0.5, 2], [2, 2, 7]], { rarity: 2, lowest: 2, off: 7 }], // prettier-ignore
    ["begins anew where whoever asked for so much had seen it end", [[3, 3, 5], [0.3, 0.3, 2], [1.5, 1.5, 4]], { rarity: 1.5, lowest: 1.5 }], // prettier-ignore
    ["of one side ends on the other", [[3, 3, 5], [1.5, 1, -4]], { rarity: 1, lowest: 1.5, off: -4 }], // prettier-ignore
    ["goes on for the highest sensitivity as for any other", [[0.5, 0.5, 5], [-0.3, -0.3, 2]], { rarity: 0.5, lowest: -0.3 }], // prettier-ignore
  ])("%s", (_which, points, expected) => {
    expect(runOf(...points)).toMatchObject(expected);
  });

  test("of points that are stuck has no side", () => {
    const stuck = METHODS.map(({ isSideless }) => (isSideless === true ? 1 : 0));
    const run = createRun();
    for (const off of [3, -3]) learnRun(run, { standing: 1, news: off > 0 ? 1 : 0.5, off, offs: [off], expected: 100, found: stuck });
    expect(run).toMatchObject({ rarity: 1, off: 3 });
  });
});

describe("what goes on with a run", () => {
  const rise = [4.2, 4.2, 4.2];

  test.each<[string, Partial<DetectOptions>, number]>([
    ["on the other side", { direction: "above" }, -60],
    ["on the other side, whichever is looked at", {}, -60],
    ["by a method that is left out", { weights: { "log-novelty": 1, residual: 0, "value-novelty": 0 }, direction: "above" }, -60],
  ])("is not what is unusual for another reason: after an incident %s a point is as anomalous as without", (_which, options, size) => {
    for (const seed of seeds) {
      const scores = after([size, size, size, ...rise], options, seed).slice(3);
      for (const { anomalous, goesOn, direction, daysPerFalseAlarm } of scores) {
        if (!anomalous || direction !== "above") continue;
        expect(goesOn && daysPerFalseAlarm! > 100).toBe(false);
      }
    }
  });

  test("is on the same side, as severe as that was, and says that it goes on", () => {
    let told = 0;
    for (const seed of seeds) {
      for (const score of after([20, ...Array.from({ length: 8 }, () => 3.4)], {}, seed).slice(1)) {
        if (!score.goesOn) continue;
        told += 1;
        expect(score.direction).toBe("above");
        expect(score.severity).not.toBe("low");
        expect(explain({ ...score, perSecond: false }).text).toContain("It goes on with what comes");
      }
    }
    expect(told).toBeGreaterThan(0);
  });

  test("is not what follows a point that was none", () => {
    for (const seed of seeds) {
      const scores = after([14, 3.2, 4, 3.4, 14, 3.2, 4, 3.4, 14, 3.2, 4, 3.4], {}, seed);
      for (const [row, { goesOn }] of scores.entries()) if (goesOn) expect(scores[row - 1]!.anomalous).toBe(true);
    }
  });

  test("at the highest sensitivity is what is a quarter as rare, as at any other", () => {
    let found = 0;
    for (const seed of seeds) {
      const more = Array.from({ length: 40 }, (_, row) => (row % 10 === 0 ? 5 : 2));
      const own = after(more, { sensitivity: 0 }, seed);
      for (const [row, { goesOn }] of after(more, { sensitivity: 1 }, seed).entries()) {
        if (goesOn && !own[row]!.anomalous && own[row]!.daysPerFalseAlarm! < 60 / 36) found += 1;
      }
    }
    expect(found).toBeGreaterThan(0);
  });

  test("began with what was far enough off: a run that nobody wanted raises nothing", () => {
    for (const seed of seeds) {
      for (const options of [{ minAbsolute: 25 }, { minRelative: 0.25 }]) {
        expect(after([20, 20, 20, ...rise], options, seed).some(({ anomalous }) => anomalous)).toBe(false);
      }
    }
  });
});

test("two methods of weight confirm what is critical: those that were left out do not", () => {
  const only = Object.fromEntries(METHODS.map(({ name }) => [name, name === "value-novelty" ? 1 : 0]));
  for (const seed of seeds) {
    const [alone] = after([100], { weights: only }, seed);
    expect(alone!.severity).not.toBe("critical");
  }
  expect(seeds.some((seed) => after([100], {}, seed)[0]!.severity === "critical")).toBe(true);
});

describe("what lies on no side of what was expected, and at no distance from it, is told whatever side and distance are asked for", () => {
  const asked: Partial<DetectOptions>[] = [{ direction: "above" }, { direction: "below" }, { minAbsolute: 5 }, { minRelative: 0.5 }];
  const gap = { timestamps: Float64Array.of(FIRST + BEFORE * STEP + 6 * 3_600_000), values: Float64Array.of(100) };

  function then(points: { timestamps: Float64Array; values: Float64Array } | "stuck", options: Partial<DetectOptions>, seed: number) {
    const { state, last } = known[seed - 1]!;
    const stuck = { timestamps: timesFrom(BEFORE, 30), values: new Float64Array(30).fill(last) };
    return advance(clone(state), points === "stuck" ? stuck : points, { sensitivity: 0.5, ...options });
  }

  test.each(asked)("points that are missing, with %j", (options) => {
    for (const seed of seeds) expect(then(gap, options, seed)[0]).toMatchObject({ anomalous: true, severity: "low" });
  });

  test.each(asked)("a value that is stuck, with %j", (options) => {
    for (const seed of seeds.slice(0, 4)) {
      const [either, own] = [then("stuck", {}, seed), then("stuck", options, seed)];
      expect(either.some(({ anomalous }) => anomalous)).toBe(true);
      expect(own.some(({ anomalous }) => anomalous)).toBe(true);
    }
  });

  test("and how rare it is is told of that alone, not of a value on the other side", () => {
    const low = { ...gap, values: Float64Array.of(40) };
    expect(then(low, {}, 1)[0]!.daysPerFalseAlarm).toBeGreaterThan(100);
    expect(then(low, { direction: "above" }, 1)[0]).toMatchObject({ anomalous: true, severity: "low" });
  });
});
