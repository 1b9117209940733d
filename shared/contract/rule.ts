import * as v from "valibot";
import { AnomalySeverity, Direction } from "./anomaly.ts";
import { RuleId, SeriesId } from "./ids.ts";
import { name } from "./name.ts";
import { record } from "./record.ts";
import { Aggregate, DIMENSION_NAME, Dimensions, Selector } from "./series.ts";
import { atLeast, atMost, Duration, IsoTime } from "./time.ts";

const finite = v.pipe(v.number(), v.finite());

export const Severity = v.picklist(["warning", "critical"]);
export type Severity = v.InferOutput<typeof Severity>;
export const Operator = v.picklist(["gt", "gte", "lt", "lte", "eq", "neq"]);
export type Operator = v.InferOutput<typeof Operator>;

interface Limit {
  readonly value: number;
  readonly recover?: number | undefined;
}

/** Whether a recovery threshold lies where the condition is not true: elsewhere an alert would end while it still fires. */
const recoversBelow = (operator: Operator, { value, recover }: Limit): boolean => {
  if (recover === undefined) return true;
  if (operator === "gt" || operator === "gte") return recover <= value;
  return (operator === "lt" || operator === "lte") && recover >= value;
};
/** Whether the critical level is as hard to reach as the other one, or harder: else what is critical would not even be a warning. */
export const isHarder = ({
  operator,
  value,
  critical,
}: Limit & { readonly operator: Operator; readonly critical?: Limit | undefined }): boolean => {
  if (critical === undefined || operator === "eq" || operator === "neq") return true;
  return operator === "gt" || operator === "gte" ? critical.value >= value : critical.value <= value;
};
const CRITICAL_MESSAGE = "Expected at least the condition's value for gt and gte, at most that for lt and lte";
const RECOVER_MESSAGE = "Expected at most the value for gt and gte, at least the value for lt and lte, and none for eq and neq";

/** True while the aggregate of the window (T - window, T] compares so; `recover` is the value that ends it (hysteresis). */
export const ThresholdCondition = v.pipe(
  v.strictObject({
    operator: Operator,
    value: finite,
    recover: v.optional(finite),
    critical: v.optional(v.strictObject({ value: finite, recover: v.optional(finite) })),
    aggregate: v.optional(Aggregate, "last"),
    window: v.optional(v.pipe(Duration, atLeast(1_000))),
  }),
  v.forward(
    v.check((condition) => recoversBelow(condition.operator, condition), RECOVER_MESSAGE),
    ["recover"],
  ),
  v.forward(
    v.check((condition) => isHarder(condition), CRITICAL_MESSAGE),
    ["critical", "value"],
  ),
  v.forward(
    v.check(({ operator, critical }) => critical === undefined || recoversBelow(operator, critical), RECOVER_MESSAGE),
    ["critical", "recover"],
  ),
);
export type ThresholdCondition = v.InferOutput<typeof ThresholdCondition>;

/** True from a matching anomaly until the first scored point that is none. */
export const AnomalyCondition = v.strictObject({
  minSeverity: v.optional(AnomalySeverity, "medium"),
  direction: v.optional(Direction, "either"),
  methods: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(50))), v.minLength(1), v.maxLength(20))),
  minAbsolute: v.optional(v.pipe(finite, v.minValue(0))),
  minRelative: v.optional(v.pipe(finite, v.minValue(0))),
});
export type AnomalyCondition = v.InferOutput<typeof AnomalyCondition>;

/** The time that a rate is of. */
export const RateUnit = v.picklist(["per_second", "per_minute", "per_hour", "per_day"]);
export type RateUnit = v.InferOutput<typeof RateUnit>;
/** What of a rate r is compared: r, -r, or its amount either way. */
export const RateDirection = v.picklist(["increase", "decrease", "either"]);
export type RateDirection = v.InferOutput<typeof RateDirection>;

/**
 * True while the change of the window (T - window, T] compares so: last less first value, by the time between them, as the direction has
 * it. `resetAware` reads a value lower than the one before as a counter that began anew.
 */
export const RateOfChangeCondition = v.pipe(
  v.strictObject({
    operator: Operator,
    value: finite,
    unit: v.optional(RateUnit, "per_second"),
    direction: v.optional(RateDirection, "increase"),
    recover: v.optional(finite),
    critical: v.optional(v.strictObject({ value: finite, recover: v.optional(finite) })),
    window: v.pipe(Duration, atLeast(1_000)),
    resetAware: v.optional(v.boolean(), false),
  }),
  v.forward(
    v.check((condition) => recoversBelow(condition.operator, condition), RECOVER_MESSAGE),
    ["recover"],
  ),
  v.forward(
    v.check((condition) => isHarder(condition), CRITICAL_MESSAGE),
    ["critical", "value"],
  ),
  v.forward(
    v.check(({ operator, critical }) => critical === undefined || recoversBelow(operator, critical), RECOVER_MESSAGE),
    ["critical", "recover"],
  ),
);
export type RateOfChangeCondition = v.InferOutput<typeof RateOfChangeCondition>;

/**
 * True while the newest point is older than expectedInterval (the series' learned cadence when left out) times grace. A series of
 * `requireSeries` is missed also where it never had a point.
 */
const missing = <const Required extends v.GenericSchema>(required: Required) =>
  v.strictObject({
    expectedInterval: v.optional(v.pipe(Duration, atLeast(1_000))),
    grace: v.optional(v.pipe(finite, v.minValue(1), v.maxValue(1_000)), 3),
    requireSeries: v.optional(v.pipe(v.array(required), v.minLength(1), v.maxLength(500))),
  });
const RequiredSeries = v.strictObject({ dimensions: Dimensions });
export const MissingDataCondition = missing(RequiredSeries);
export type MissingDataCondition = v.InferOutput<typeof MissingDataCondition>;
/** As it may be written: a series that has been seen by its id, too. */
const WrittenMissingDataCondition = missing(v.union([SeriesId, RequiredSeries], "Expected the id of a series, or its dimensions"));

const Confirmation = v.pipe(
  v.strictObject({
    need: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10)), 2),
    of: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10)), 3),
  }),
  v.forward(
    v.check(({ need, of }) => need <= of, "Expected at most as many as `of`"),
    ["need"],
  ),
);

/** True while, in `need` of the last `of` forecasts, the value is reached within the horizon at least so probably. */
export const ForecastCondition = v.strictObject({
  operator: v.picklist(["gt", "gte", "lt", "lte"]),
  value: finite,
  probability: v.optional(v.pipe(finite, v.gtValue(0), v.ltValue(1)), 0.8),
  horizon: v.pipe(Duration, atLeast(1_000)),
  confirm: v.optional(Confirmation, {}),
});
export type ForecastCondition = v.InferOutput<typeof ForecastCondition>;

const CompositeRules = v.pipe(
  v.array(RuleId),
  v.minLength(1),
  v.maxLength(20),
  v.check((rules) => new Set(rules).size === rules.length, "Expected each rule once"),
);

/** True by what other rules are: all of them, any of them, or not the one; a rule is true while an instance of it fires or recovers. */
export const CompositeCondition = v.pipe(
  v.strictObject({
    all: v.exactOptional(CompositeRules),
    any: v.exactOptional(CompositeRules),
    not: v.exactOptional(v.pipe(v.array(RuleId), v.length(1, "Expected exactly one rule for not"))),
  }),
  v.entries(1, "Expected exactly one of all, any and not"),
);
export type CompositeCondition = v.InferOutput<typeof CompositeCondition>;

const Labels = v.pipe(
  record(v.pipe(v.string(), v.regex(DIMENSION_NAME)), v.pipe(v.string(), v.maxLength(1_024))),
  v.check((labels) => Object.keys(labels).length <= 32, "Expected at most 32 labels"),
);

const common = {
  name: name(200),
  selector: Selector,
  for: v.optional(Duration, 0),
  keepFiringFor: v.optional(Duration, 0),
  interval: v.optional(v.pipe(Duration, atLeast(1_000), atMost(86_400_000)), 60_000),
  evalDelay: v.optional(v.pipe(Duration, atMost(3_600_000)), 60_000),
  /** Of these kinds each series has an alert of its own. */
  groupBy: v.optional(
    v.pipe(v.array(v.string()), v.maxLength(0, "Expected no dimensions: rules of this kind look at each series by itself")),
    [],
  ),
  severity: v.optional(Severity, "warning"),
  repeatInterval: v.optional(v.pipe(Duration, atLeast(60_000)), 14_400_000),
  noData: v.optional(v.picklist(["keep_last", "alert", "ok"]), "keep_last"),
  labels: v.optional(Labels, {}),
  annotations: v.optional(Labels, {}),
  enabled: v.optional(v.boolean(), true),
};

/** Dimensions: the series that share their values are looked at as if they were one, and share an alert. Without any, each has its own. */
const groupBy = v.optional(
  v.pipe(
    v.array(v.pipe(v.string(), v.regex(DIMENSION_NAME))),
    v.maxLength(10),
    v.check((names) => new Set(names).size === names.length, "Expected each dimension once"),
  ),
  [],
);

/** Instances that a rule may be given at most. */
export const MOST_INSTANCES = 5_000;
const selecting = {
  ...common,
  /** More series or groups than this are left out, of which an alert of the rule tells. */
  maxInstances: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_INSTANCES)), 500),
};
const sampled = {
  ...selecting,
  /** A series that is silent for so long is forgotten: its alert ends as `expired`. */
  expireAfter: v.optional(v.pipe(Duration, atLeast(3_600_000), atMost(72 * 3_600_000)), 24 * 3_600_000),
};

const { selector: _, ...unselected } = common;

const kinds = <const Extra extends v.ObjectEntries, const Missing extends v.GenericSchema>(extra: Extra, missingData: Missing) =>
  v.variant("kind", [
    v.strictObject({ kind: v.literal("threshold"), condition: ThresholdCondition, ...sampled, groupBy, ...extra }),
    v.strictObject({ kind: v.literal("anomaly"), condition: AnomalyCondition, ...selecting, ...extra }),
    v.strictObject({ kind: v.literal("rate-of-change"), condition: RateOfChangeCondition, ...sampled, ...extra }),
    v.strictObject({ kind: v.literal("missing-data"), condition: missingData, ...sampled, groupBy, ...extra }),
    v.strictObject({ kind: v.literal("forecast"), condition: ForecastCondition, ...sampled, ...extra }),
    v.strictObject({ kind: v.literal("composite"), condition: CompositeCondition, ...unselected, ...extra }),
  ]);

interface Grouped {
  readonly groupBy: readonly string[];
  readonly condition: object;
}
const isLast = ({ condition }: Grouped): boolean => "aggregate" in condition && condition.aggregate === "last";
const requires = ({ condition }: Grouped): boolean => "requireSeries" in condition && condition.requireSeries !== undefined;
const mayGroup = (rule: Grouped): boolean => rule.groupBy.length === 0 || (!isLast(rule) && !requires(rule));
const groupMessage = ({ input }: { readonly input: Grouped }): string =>
  isLast(input)
    ? "Expected an aggregate that several series can have together: condition.aggregate is last"
    : "Expected no dimensions where condition.requireSeries names series";

/** A rule as a person writes it: what to look at, when it is true, and how patient to be. Durations are parsed to milliseconds. */
export const RuleDefinition = v.pipe(
  kinds({}, MissingDataCondition),
  v.forward(
    v.check((rule) => mayGroup(rule), groupMessage),
    ["groupBy"],
  ),
);
export type RuleDefinition = v.InferOutput<typeof RuleDefinition>;
/** The same where the series are known: those that it requires may be named by their ids. */
export const WrittenRule = v.pipe(
  kinds({}, WrittenMissingDataCondition),
  v.forward(
    v.check((rule) => mayGroup(rule), groupMessage),
    ["groupBy"],
  ),
);
export type WrittenRule = v.InferOutput<typeof WrittenRule>;
/** As written, with the id of the rule that it takes the place of. */
export const RuleReplacement = v.pipe(
  kinds({ id: RuleId }, WrittenMissingDataCondition),
  v.forward(
    v.check((rule) => mayGroup(rule), groupMessage),
    ["groupBy"],
  ),
);

/** A stored rule. The version grows with each change; transitions name the version that made them. */
export type Rule = RuleDefinition & {
  readonly id: RuleId;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** A rule that looks at series; a composite one looks at other rules. */
export type SelectingRule = Exclude<Rule, { kind: "composite" }>;

const written = {
  id: RuleId,
  version: v.number(),
  for: v.string(),
  keepFiringFor: v.string(),
  interval: v.string(),
  evalDelay: v.string(),
  repeatInterval: v.string(),
  createdAt: IsoTime,
  updatedAt: IsoTime,
};
const writtenThreshold = v.strictObject({ ...ThresholdCondition.entries, aggregate: Aggregate, window: v.optional(v.string()) });
const writtenRate = v.strictObject({
  ...RateOfChangeCondition.entries,
  unit: RateUnit,
  direction: RateDirection,
  window: v.string(),
  resetAware: v.boolean(),
});
const writtenMissing = v.strictObject({ ...MissingDataCondition.entries, expectedInterval: v.optional(v.string()), grace: v.number() });
const writtenForecast = v.strictObject({
  ...ForecastCondition.entries,
  probability: v.number(),
  horizon: v.string(),
  confirm: v.strictObject({ need: v.number(), of: v.number() }),
});
/** A rule as the API answers it: durations as strings, so that what was read can be written back. */
export const RuleAnswer = v.variant("kind", [
  v.strictObject({ kind: v.literal("threshold"), ...sampled, ...written, expireAfter: v.string(), groupBy, condition: writtenThreshold }),
  v.strictObject({ kind: v.literal("anomaly"), ...selecting, ...written, condition: AnomalyCondition }),
  v.strictObject({ kind: v.literal("rate-of-change"), ...sampled, ...written, expireAfter: v.string(), condition: writtenRate }),
  v.strictObject({ kind: v.literal("missing-data"), ...sampled, ...written, expireAfter: v.string(), groupBy, condition: writtenMissing }),
  v.strictObject({ kind: v.literal("forecast"), ...sampled, ...written, expireAfter: v.string(), condition: writtenForecast }),
  v.strictObject({ kind: v.literal("composite"), ...unselected, ...written, condition: CompositeCondition }),
]);
export type RuleAnswer = v.InferOutput<typeof RuleAnswer>;
