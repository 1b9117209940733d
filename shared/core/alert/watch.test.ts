import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as v from "valibot";
import type { InstanceId, RuleId } from "../../contract/ids.ts";
import { RuleDefinition } from "../../contract/rule.ts";
import { hashId } from "../hash-id.ts";
import { expiresAfter } from "./expiry.ts";
import { evaluateSampled } from "./sampled.ts";
import type { SampledRule, SampledSeries } from "./sampled.ts";
import { endEpisode, newInstance, step } from "./step.ts";
import type { Instance, Transition } from "./step.ts";
import { gridAt, rewind, runWatch } from "./watch.ts";
import type { Span, Watch } from "./watch.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const START = Date.UTC(2026, 10, 20);
const INSTANCE = hashId<InstanceId>("ins", ["watch"]);

function ruleOf(changes: Record<string, unknown> = {}): SampledRule {
  const definition = v.parse(RuleDefinition, {
    name: "r",
    kind: "threshold",
    selector: { metricKey: "cpu" },
    condition: { operator: "gt", value: 90 },
    ...changes,
  });
  return { ...definition, id: hashId<RuleId>("rul", ["watch"]), version: 1, createdAt: START, updatedAt: START } as SampledRule;
}

const seriesOf = (
  points: readonly (readonly [at: number, value: number])[],
  cadence: number | null = null,
  requiredSince: number | null = null,
): SampledSeries => ({
  requiredSince,
  forecasts: [],
  timestamps: Float64Array.from(points, ([at]) => START + at),
  values: Float64Array.from(points, ([, value]) => value),
  cadence,
  before: null,
});

const fresh = (rule: SampledRule): Watch => ({ instance: newInstance(INSTANCE, rule.severity), isWatched: false, checkpoints: [] });
const spanOf = (from: number, to: number): Span => ({ from: START + from, to: START + to });

/** Evaluates at every multiple of the interval, whether anything could change or not. */
function runAll(rule: SampledRule, series: SampledSeries, { from, to }: Span): { instance: Instance; transitions: Transition[] } {
  const transitions: Transition[] = [];
  const patience = expiresAfter(rule, series.cadence);
  let [instance, isWatched] = [newInstance(INSTANCE, rule.severity), false];
  for (let at = from; at <= to; at += rule.interval) {
    const lastPointAt = series.timestamps.findLast((timestamp) => timestamp <= at) ?? null;
    const isExpired = series.requiredSince === null && (lastPointAt === null || at - lastPointAt >= patience);
    const present = isWatched ? instance : newInstance(INSTANCE, rule.severity);
    const next = isExpired
      ? endEpisode(instance, at, "expired")
      : step(present, rule, evaluateSampled(rule, series, { at, instance: present, lastPointAt }));
    transitions.push(...next.transitions);
    [instance, isWatched] = [next.instance, !isExpired];
  }
  return { instance, transitions };
}

const threshold = fc.record({
  kind: fc.constant("threshold"),
  condition: fc
    .record(
      {
        operator: fc.constantFrom("gt", "lt", "neq"),
        value: fc.constant(90),
        aggregate: fc.constantFrom("last", "avg", "min", "count", "sum"),
        window: fc.constantFrom("1m", "7m", "2h"),
        critical: fc.constant({ value: 99 }),
      },
      { requiredKeys: ["operator", "value", "aggregate"] },
    )
    // What is critical is no easier to reach than the other level.
    .map((condition) =>
      condition.operator === "lt" && condition.critical !== undefined ? { ...condition, critical: { value: 81 } } : condition,
    ),
});
const rate = fc.record({
  kind: fc.constant("rate-of-change"),
  condition: fc.record({
    operator: fc.constantFrom("gt", "lt"),
    value: fc.constantFrom(-0.01, 0.01),
    window: fc.constantFrom("2m", "15m", "2h"),
    resetAware: fc.boolean(),
  }),
});
const missing = fc.record({
  kind: fc.constant("missing-data"),
  condition: fc.record({ expectedInterval: fc.constantFrom("90s", "10m"), grace: fc.constantFrom(1, 3) }, { requiredKeys: ["grace"] }),
});
const settings = fc
  .tuple(
    fc.oneof(threshold, rate, missing),
    fc.record({
      for: fc.constantFrom("0s", "3m"),
      keepFiringFor: fc.constantFrom("0s", "3m"),
      noData: fc.constantFrom("keep_last", "alert", "ok"),
      interval: fc.constantFrom("1m", "5m"),
    }),
  )
  .map(([kind, timing]) => ({ ...kind, ...timing }));
const history = fc
  .array(fc.tuple(fc.constantFrom(20_000, MINUTE, 5 * MINUTE, 50 * MINUTE, DAY + 7 * MINUTE), fc.constantFrom(50, 90, 95, 100)), {
    maxLength: 25,
  })
  .map((steps) => {
    let at = 0;
    return steps.map(([gap, value]): [number, number] => [(at += gap), value]);
  });

describe("runWatch", () => {
  test("leaves out evaluations that change nothing, and no others", () => {
    fc.assert(
      fc.property(settings, history, fc.constantFrom(null, MINUTE, 50 * MINUTE), fc.boolean(), (changes, points, cadence, isRequired) => {
        const rule = ruleOf(changes);
        const series = seriesOf(points, cadence, isRequired && changes.kind === "missing-data" ? START : null);
        const span = spanOf(0, (points.at(-1)?.[0] ?? 0) + 3 * 3_600_000);
        const all = runAll(rule, series, span);
        const run = runWatch(rule, fresh(rule), series, span);
        // The value of what is missing is a silence, which grows by itself.
        const growing = changes.kind === "missing-data" ? { value: expect.anything() } : {};
        const expected = all.transitions.map((one) => (one.kind === "episode" ? { ...one, episode: { ...one.episode, ...growing } } : one));
        expect(run.transitions).toEqual(expected);
        const { episode } = all.instance;
        expect(run.instance.episode).toEqual(episode === null ? null : { ...episode, ...growing });
        expect(run.instance.state).toEqual(all.instance.state);
      }),
      { numRuns: 800, seed: 5 },
    );
  });

  test("goes on in parts as it would in one go, each part beginning where the one before says that something may change", () => {
    fc.assert(
      fc.property(settings, history, fc.array(fc.nat({ max: 300 }), { maxLength: 5 }), (changes, points, cuts) => {
        const rule = ruleOf(changes);
        const to = START + (points.at(-1)?.[0] ?? 0) + 3_600_000;
        const whole = runWatch(rule, fresh(rule), seriesOf(points), { from: START, to });
        let [watch, from, seenTo]: [Watch, number, number] = [fresh(rule), Infinity, START - 1];
        const transitions: Transition[] = [];
        const ends = cuts.map((minutes) => START + minutes * MINUTE).filter((end) => end < to);
        for (const end of [...ends.toSorted((a, b) => a - b), to]) {
          // What comes later is not known yet; what does come makes the first evaluation due that it is part of.
          const known = seriesOf(points.filter(([at]) => START + at <= end));
          const came = known.timestamps.find((timestamp) => timestamp > seenTo);
          const first = Math.min(from, came === undefined ? Infinity : gridAt(came, rule));
          const run = runWatch(rule, watch, known, { from: first, to: end });
          transitions.push(...run.transitions);
          [watch, from, seenTo] = [run, first > end ? first : run.nextAt, end];
        }
        expect(transitions).toEqual(whole.transitions);
      }),
      { numRuns: 300, seed: 6 },
    );
  });

  test.each([
    ["a series of points a minute apart is looked at each minute", "last", undefined, [0, MINUTE, 2 * MINUTE], 3 * MINUTE],
    ["a newest value is looked at again when it leaves the window", "last", "2h", [0], 2 * 3_600_000],
    ["another aggregate when its oldest point does", "max", "2h", [0, 30 * MINUTE], 2 * 3_600_000],
  ] as const)("%s", (_, aggregate, window, at, next) => {
    const rule = ruleOf({ condition: { operator: "gt", value: 90, aggregate, ...(window === undefined ? {} : { window }) } });
    const series = seriesOf(at.map((time): [number, number] => [time, 50]));
    expect(runWatch(rule, fresh(rule), series, spanOf(0, at.at(-1)!)).nextAt).toBe(START + next);
  });

  test("a silent series is looked at until there are no data, and then when it expires", () => {
    const rule = ruleOf();
    const run = runWatch(rule, fresh(rule), seriesOf([[0, 95]]), spanOf(0, 5 * MINUTE));
    expect(run).toMatchObject({ instance: { state: "firing", data: "no_data" }, nextAt: START + DAY });
    const expired = runWatch(rule, run, seriesOf([[0, 95]]), { from: run.nextAt, to: run.nextAt });
    expect(expired).toMatchObject({ isWatched: false, nextAt: Infinity, checkpoints: [] });
    expect(expired.transitions.at(-1)).toMatchObject({ reason: "expired" });
  });

  test("an instance that flaps is looked at when it will have been calm for long enough", () => {
    const rule = ruleOf({ condition: { operator: "gt", value: 90, window: "2h" } });
    const series = seriesOf([95, 50, 95, 50].map((value, n): [number, number] => [n * MINUTE, value]));
    const run = runWatch(rule, fresh(rule), series, spanOf(0, 3 * MINUTE));
    expect(run).toMatchObject({ instance: { flapping: { since: START + 3 * MINUTE } }, nextAt: START + 7 * MINUTE });
    const calm = runWatch(rule, run, series, { from: run.nextAt, to: run.nextAt });
    expect(calm.transitions.map(({ reason }) => reason)).toEqual(["calm"]);
  });

  test("an acknowledgement that ends is looked at when it does", () => {
    const rule = ruleOf({ condition: { operator: "gt", value: 90, window: "2h" } });
    const series = seriesOf([[0, 95]]);
    const fired = runWatch(rule, fresh(rule), series, spanOf(0, 0));
    const acknowledged = { by: { kind: "key", id: "key_a" } as const, at: START, until: START + 10 * MINUTE };
    const instance = { ...fired.instance, episode: { ...fired.instance.episode!, acknowledged } };
    const next = runWatch(rule, { ...fired, instance }, series, spanOf(MINUTE, MINUTE));
    expect(next.nextAt).toBe(START + 10 * MINUTE);
  });
});

describe("rewind", () => {
  const rule = ruleOf();
  const points = Array.from({ length: 60 }, (_, n): [number, number] => [n * MINUTE, 50]);
  const watch = runWatch(rule, fresh(rule), seriesOf(points), spanOf(0, 59 * MINUTE));

  test("reaches back as far as a point may come late, and keeps few states for it", () => {
    const back = rewind(watch, START + 49 * MINUTE, rule);
    expect(back!.from).toBeLessThanOrEqual(START + 49 * MINUTE);
    expect(back!.from).toBeGreaterThan(START + 35 * MINUTE);
    expect(watch.checkpoints.length).toBeLessThanOrEqual(4);
  });

  test("does not reach back farther, nor behind what was no evaluation", () => {
    expect(rewind(watch, START + 10 * MINUTE, rule)).toBeNull();
    expect(rewind({ ...watch, checkpoints: [] }, START + 59 * MINUTE, rule)).toBeNull();
  });

  test("leads a series that is new back to before its first evaluation", () => {
    const first = runWatch(rule, fresh(rule), seriesOf([[5 * MINUTE, 50]]), spanOf(5 * MINUTE, 6 * MINUTE));
    expect(rewind(first, START + 3 * MINUTE, rule)).toMatchObject({ from: START + 3 * MINUTE, isWatched: false });
  });
});
