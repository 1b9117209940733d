import * as v from "valibot";
import { Evidence, ResolveReason } from "../../shared/contract/alert.ts";
import { RuleId, SeriesId } from "../../shared/contract/ids.ts";
import { Severity, WrittenRule } from "../../shared/contract/rule.ts";
import { Dimensions, MetricKey, SeriesReference } from "../../shared/contract/series.ts";
import { Duration, IsoTime, Time } from "../../shared/contract/time.ts";

/** Series that a history may have. */
export const MOST_SERIES = 100;
/** Episodes that are answered, the newest; all of them are counted. */
export const MOST_EPISODES = 1_000;

const asked = {
  /** A draft, as POST /api/v1/rules takes it. */
  rule: v.optional(WrittenRule),
  /** Or a stored rule. */
  ruleId: v.optional(RuleId),
  from: Time,
  /** Now when left out, or when it is still to come. */
  to: v.optional(Time),
  series: v.pipe(
    v.optional(v.pipe(v.array(SeriesReference), v.minLength(1), v.maxLength(MOST_SERIES))),
    v.description(`The series to look at, whatever the rule selects: at most ${MOST_SERIES}. All that it selects when left out.`),
  ),
  incidents: v.pipe(
    v.optional(
      v.pipe(
        v.array(
          v.pipe(
            v.strictObject({ from: Time, to: Time, series: v.optional(SeriesReference) }),
            v.forward(
              v.check(({ from, to }) => from < to, "Expected from before to"),
              ["from"],
            ),
          ),
        ),
        v.maxLength(1_000),
      ),
    ),
    v.description(
      "Every incident of that time: an alert that meets none of them was a false alarm. When left out, what people said of anomalies counts: " +
        "an incident, or that it was expected or bad data; alerts of which nobody said anything are then neither right nor wrong.",
    ),
  ),
};
const ONE_RULE = "Expected either rule or ruleId";
const ORDER = "Expected from before to";
interface Asked {
  readonly rule?: unknown;
  readonly ruleId?: unknown;
  readonly from: number;
  readonly to?: number | undefined;
}
const namesOneRule = ({ rule, ruleId }: Asked) => (rule === undefined) !== (ruleId === undefined);
const isInOrder = ({ from, to }: Asked) => to === undefined || from < to;

export const BacktestRequest = v.pipe(
  v.strictObject(asked),
  v.forward(
    v.check((request) => namesOneRule(request), ONE_RULE),
    ["rule"],
  ),
  v.forward(
    v.check((request) => isInOrder(request), ORDER),
    ["from"],
  ),
);
export type BacktestRequest = v.InferOutput<typeof BacktestRequest>;

const LabelScore = v.strictObject({
  incidents: v.number(),
  /** Incidents during which an alert fired. */
  found: v.number(),
  truePositives: v.number(),
  falsePositives: v.number(),
  unlabelled: v.number(),
});

const counts = {
  episodeCount: v.number(),
  firingMinutes: v.number(),
  /** Of `messages` all. */
  notifications: v.number(),
  /**
   * What one channel would have got, after grouping, silences of that time and present mute windows: messages about something that fires,
   * repeats among them, and about what ended.
   */
  messages: v.strictObject({ firing: v.number(), resolved: v.number(), pagesPerWeek: v.number() }),
  /** Of the alerts that are known to be right or wrong, those that were right; left out where none is known. */
  precision: v.exactOptional(v.number()),
  /** Of the incidents, those during which an alert fired; left out where there were none. */
  recall: v.exactOptional(v.number()),
};

/** Why nothing follows from the answer, such as that there are no points of the time: few alerts are then no good sign. */
const warnings = v.array(v.string());

export const Backtest = v.strictObject({
  from: IsoTime,
  to: IsoTime,
  /** Scores were computed anew from the stored points and what is set now: live ones may have differed. */
  recomputed: v.boolean(),
  points: v.number(),
  warnings,
  /** Times at which the condition was to be looked at, over all series. */
  evaluations: v.number(),
  ...counts,
  series: v.array(
    v.strictObject({
      /** null of a group, whose dimensions are those that its series share. */
      id: v.nullable(SeriesId),
      metricKey: MetricKey,
      dimensions: Dimensions,
      points: v.number(),
      episodeCount: v.number(),
      firingMinutes: v.number(),
    }),
  ),
  /** Oldest first, the newest 1000; `series` is null of a composite rule, and where series are grouped, and `group` where they are not. */
  episodes: v.array(
    v.strictObject({
      series: v.nullable(SeriesId),
      group: v.nullable(Dimensions),
      severity: Severity,
      pendingAt: IsoTime,
      startedAt: IsoTime,
      /** null: still open at the end. */
      resolvedAt: v.nullable(IsoTime),
      reason: v.nullable(ResolveReason),
      firingValue: v.nullable(v.number()),
      peak: v.nullable(v.strictObject({ timestamp: IsoTime, value: v.number() })),
      evidence: Evidence,
    }),
  ),
  /** null where nothing is labelled. */
  labels: v.nullable(LabelScore),
});
export type Backtest = v.InferOutput<typeof Backtest>;

export const SweepRequest = v.pipe(
  v.strictObject({
    ...asked,
    values: v.pipe(
      v.array(v.pipe(v.number(), v.finite())),
      v.minLength(1),
      v.maxLength(20),
      v.description("Values of the condition to try; of a missing-data rule its grace."),
    ),
    for: v.pipe(v.array(Duration), v.minLength(1), v.maxLength(10)),
    /** At most so many messages a week about something that fires. */
    pagesPerWeek: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0)), 5),
  }),
  v.forward(
    v.check((request) => namesOneRule(request), ONE_RULE),
    ["rule"],
  ),
  v.forward(
    v.check((request) => isInOrder(request), ORDER),
    ["from"],
  ),
);
export type SweepRequest = v.InferOutput<typeof SweepRequest>;

const Setting = v.strictObject({
  value: v.number(),
  for: v.string(),
  episodesPerWeek: v.number(),
  ...counts,
  labels: v.nullable(LabelScore),
});

export const Sweep = v.strictObject({
  from: IsoTime,
  to: IsoTime,
  points: v.number(),
  warnings,
  /** One row a value and `for`: by value as asked, then by `for`. */
  settings: v.array(Setting),
  /** The setting to take for at most so many pages a week; null where each tells more, and where there was nothing to try them on. */
  best: v.nullable(Setting),
});
export type Sweep = v.InferOutput<typeof Sweep>;
