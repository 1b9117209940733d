import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as v from "valibot";
import type { AnomalySeverity } from "../../contract/anomaly.ts";
import type { OrgId, RuleId, SeriesId } from "../../contract/ids.ts";
import { RuleDefinition } from "../../contract/rule.ts";
import type { SelectingRule } from "../../contract/rule.ts";
import { anomalyId } from "../detect/series-detection.ts";
import { hashId } from "../hash-id.ts";
import { advanceAnomalies } from "./advance.ts";
import type { AnomalyRule } from "./advance.ts";
import { evaluateAnomalies } from "./anomaly.ts";
import type { ScoredAnomaly } from "./anomaly.ts";
import { instanceId } from "./keys.ts";
import { simulateRule } from "./simulate.ts";
import type { ScoredSeries, SimulatedEpisode } from "./simulate.ts";
import { newInstance } from "./step.ts";
import type { Transition } from "./step.ts";

const MINUTE = 60_000;
const org = hashId<OrgId>("org", ["test"]);
const series = hashId<SeriesId>("ser", [org]);
const ruleOf = (changes: Record<string, unknown>) =>
  ({
    ...v.parse(RuleDefinition, { name: "CPU", selector: { metricKey: "cpu" }, evalDelay: 0, ...changes }),
    id: hashId<RuleId>("rul", [org]),
    version: 1,
    createdAt: 0,
    updatedAt: 0,
  }) as SelectingRule;
const threshold = (changes: Record<string, unknown> = {}) =>
  ruleOf({ kind: "threshold", condition: { operator: "gt", value: 90 }, ...changes });
const anomaly = (changes: Record<string, unknown> = {}) => ruleOf({ kind: "anomaly", condition: {}, ...changes });

/** A point, by minute; with a severity it was found anomalous. */
type Row = readonly [minute: number, value: number, severity?: AnomalySeverity | undefined];
const scored = (rows: readonly Row[], cadence: number | null = MINUTE): ScoredSeries => ({
  org,
  id: series,
  metricKey: "cpu",
  dimensions: {},
  timestamps: Float64Array.from(rows, ([minute]) => minute * MINUTE),
  values: Float64Array.from(rows, ([, value]) => value),
  lo: rows.map(() => 40),
  hi: rows.map(() => 60),
  cadence,
  anomalies: rows.flatMap(([minute, value, severity], index) =>
    severity === undefined
      ? []
      : [
          {
            index,
            timestamp: minute * MINUTE,
            value,
            expected: 50,
            lo: 40,
            hi: 60,
            score: value / 1_000,
            severity,
            direction: "above" as const,
            daysPerFalseAlarm: 200,
            goesOn: false,
            perSecond: false,
            late: false,
            methods: {},
            consensus: 0,
          },
        ],
  ),
});
const inMinutes = (ms: number | null) => (ms === null ? null : ms / MINUTE);
/** Pending, firing, resolved, in minutes, and the value of the peak. */
const short = (episodes: readonly SimulatedEpisode[]) =>
  episodes.map(({ episode, peak }) => [
    inMinutes(episode.pendingAt),
    inMinutes(episode.startedAt),
    inMinutes(episode.resolvedAt),
    peak?.value ?? null,
  ]);

describe("episodes of a threshold rule", () => {
  test.each<[string, Record<string, unknown>, readonly Row[], ReturnType<typeof short>]>([
    [
      "one that comes and goes",
      {},
      [
        [1, 50],
        [2, 95],
        [3, 99],
        [4, 60],
      ],
      [[2, 2, 4, 99]],
    ],
    [
      "one that stays pending tells nothing",
      { for: "3m" },
      [
        [1, 50],
        [2, 95],
        [3, 99],
        [4, 60],
      ],
      [],
    ],
    [
      "one that fires after its for, its peak while it was pending",
      { for: "2m" },
      [
        [1, 50],
        [2, 99],
        [3, 95],
        [4, 91],
        [5, 60],
      ],
      [[2, 4, 5, 99]],
    ],
    [
      "one that is still open at the end",
      {},
      [
        [1, 50],
        [2, 95],
      ],
      [[2, 2, null, 95]],
    ],
    [
      "two of one series",
      {},
      [
        [1, 95],
        [2, 50],
        [3, 92],
      ],
      [
        [1, 1, 2, 95],
        [3, 3, null, 92],
      ],
    ],
    [
      "the lowest point is the peak of a lower limit",
      { condition: { operator: "lt", value: 10 } },
      [
        [1, 5],
        [2, 3],
        [3, 8],
        [4, 50],
      ],
      [[1, 1, 4, 3]],
    ],
    [
      "the point that is farthest off is the peak of an inequality",
      { condition: { operator: "neq", value: 10 } },
      [
        [1, 12],
        [2, 3],
        [3, 10],
      ],
      [[1, 1, 3, 3]],
    ],
  ])("%s", (_, changes, rows, expected) => {
    expect(short(simulateRule(threshold(changes), scored(rows), rows.at(-1)![0] * MINUTE))).toEqual(expected);
  });

  test("a series that is silent for a day expires, and what comes after begins anew", () => {
    const rows: readonly Row[] = [
      [1, 95],
      [3_000, 95],
      [3_001, 50],
    ];
    const episodes = simulateRule(threshold(), scored(rows), 3_001 * MINUTE);
    expect(short(episodes)).toEqual([
      [1, 1, 1_441, 95],
      [3_000, 3_000, 3_001, 95],
    ]);
    expect(episodes[0]!.episode.reason).toBe("expired");
  });

  test("a rule that alerts on absent data fires in a gap, and has no peak where no point is", () => {
    const rows: readonly Row[] = [
      [1, 50],
      [10, 50],
    ];
    expect(short(simulateRule(threshold({ noData: "alert" }), scored(rows, null), 10 * MINUTE))).toEqual([[4, 4, 10, null]]);
  });

  test("nothing is said of a series without points", () => {
    expect(simulateRule(threshold(), scored([]), 10 * MINUTE)).toEqual([]);
    expect(simulateRule(anomaly(), scored([]), 10 * MINUTE)).toEqual([]);
  });
});

describe("episodes of an anomaly rule", () => {
  test.each<[string, Record<string, unknown>, readonly Row[], ReturnType<typeof short>]>([
    [
      "one that ends at the first point that is none",
      {},
      [
        [1, 50],
        [2, 500, "high"],
        [3, 900, "critical"],
        [4, 50],
      ],
      [[2, 2, 4, 900]],
    ],
    [
      "a milder anomaly neither opens nor closes it",
      {},
      [
        [1, 70, "low"],
        [2, 500, "high"],
        [3, 70, "low"],
        [4, 50],
      ],
      [[2, 2, 4, 500]],
    ],
    [
      "one after which the series is silent ends three cadences later",
      {},
      [
        [1, 500, "high"],
        [9, 50],
      ],
      [[1, 1, 4, 500]],
    ],
    [
      "one at the end stays open",
      {},
      [
        [1, 50],
        [2, 500, "high"],
      ],
      [[2, 2, null, 500]],
    ],
    [
      "a for that is not reached tells nothing",
      { for: "5m" },
      [
        [1, 500, "high"],
        [2, 500, "high"],
        [3, 50],
      ],
      [],
    ],
    [
      "keepFiringFor makes two anomalies one episode",
      { keepFiringFor: "5m" },
      [
        [1, 500, "high"],
        [2, 50],
        [3, 600, "high"],
        [4, 50],
        [9, 50],
        [10, 50],
      ],
      [[1, 1, 9, 600]],
    ],
  ])("%s", (_, changes, rows, expected) => {
    expect(short(simulateRule(anomaly(changes), scored(rows), rows.at(-1)![0] * MINUTE))).toEqual(expected);
  });

  test("each message is told with the episode as it was then, its evidence the anomaly that live detection would have stored", () => {
    const [episode] = simulateRule(
      anomaly(),
      scored([
        [1, 500, "high"],
        [2, 900, "high"],
        [3, 50],
      ]),
      3 * MINUTE,
    );
    expect(episode!.told.map(({ kind, at, episode: then }) => [kind, at, then.value, then.resolvedAt])).toEqual([
      ["firing", MINUTE, 500, null],
      ["resolved", 3 * MINUTE, 900, 3 * MINUTE],
    ]);
    expect(episode!.episode.evidence).toMatchObject({
      kind: "anomaly",
      anomaly: anomalyId(org, series, MINUTE),
      lo: 40,
      hi: 60,
      expected: 50,
    });
  });
});

/** Points a second to a few minutes apart, some of them in bad trouble. */
const anySeries = fc
  .array(
    fc.tuple(
      fc.constantFrom(1, 1, 1, 1, 2, 3, 4, 7, 30),
      fc.constantFrom<Row[1]>(50, 50, 95, 500),
      fc.constantFrom<Row[2]>(undefined, undefined, "low", "high"),
    ),
    { minLength: 1, maxLength: 30 },
  )
  .map((steps) => {
    let minute = 0;
    return steps.map(([gap, value, severity]): Row => [(minute += gap), value, severity]);
  });
const patience = fc.record({
  for: fc.constantFrom(0, MINUTE, 3 * MINUTE),
  keepFiringFor: fc.constantFrom(0, MINUTE, 4 * MINUTE),
  evalDelay: fc.constantFrom(0, MINUTE),
  noData: fc.constantFrom("keep_last", "alert", "ok"),
});
const told = (transitions: readonly Transition[]) =>
  transitions.flatMap((transition) =>
    transition.kind === "episode" && transition.notify !== null ? [[transition.episode.id, transition.notify, transition.at]] : [],
  );
const toldBy = (episodes: readonly SimulatedEpisode[]) =>
  episodes.flatMap((one) => one.told.map(({ kind, at, episode }) => [episode.id, kind, at]));

describe("a simulation tells what live evaluation would have, point by point and minute by minute", () => {
  test("for anomaly rules", () => {
    fc.assert(
      fc.property(anySeries, patience, (rows, changes) => {
        const rule = anomaly(changes) as AnomalyRule;
        const until = rows.at(-1)![0] * MINUTE + 5 * MINUTE;
        let after = newInstance(instanceId(org, rule.id, series), rule.severity);
        const transitions: Transition[] = [];
        for (let now = MINUTE; now <= until; now += 5_000) {
          const known = rows.filter(([minute]) => minute * MINUTE <= now);
          if (known.length === 0) continue;
          const timeline = evaluateAnomalies(rule.condition, storedOf(known), {
            now,
            lastPointAt: known.at(-1)![0] * MINUTE,
            cadence: MINUTE,
            interval: rule.interval,
            lag: 0,
            severity: rule.severity,
            lastEvaluatedAt: null,
          });
          const next = advanceAnomalies(rule, after, timeline, { since: after.lastEvaluatedAt ?? -1, now });
          transitions.push(...next.transitions);
          after = next.after;
        }
        expect(toldBy(simulateRule(rule, scored(rows), until))).toEqual(told(transitions));
      }),
      { numRuns: 100 },
    );
  });
});

/** What detection has stored once these points are in. */
const storedOf = (rows: readonly Row[]): ScoredAnomaly[] =>
  scored(rows).anomalies.map(({ index, ...finding }) => {
    const clearing = rows.slice(index + 1).find(([, , severity]) => severity === undefined);
    return {
      ...finding,
      id: anomalyId(org, series, finding.timestamp),
      lo: 40,
      hi: 60,
      historical: false,
      overBudget: false,
      clearedAt: clearing === undefined ? null : clearing[0] * MINUTE,
    };
  });
