import * as v from "valibot";
import { Actor } from "./actor.ts";
import { exactPartial } from "./exact-partial.ts";
import { AnomalyId, SeriesId } from "./ids.ts";
import { record } from "./record.ts";
import { SeriesReference } from "./series.ts";
import { IsoTime, PointTime, Time, TimeColumn, TimeZone } from "./time.ts";

export const AnomalySeverity = v.picklist(["low", "medium", "high", "critical"]);
export type AnomalySeverity = v.InferOutput<typeof AnomalySeverity>;
export const Direction = v.picklist(["above", "below", "either"]);
export type Direction = v.InferOutput<typeof Direction>;
/** 0 means a false alarm in 60 days a series, 0.5 in 10 days, 1 in 1.7 days. */
export const Sensitivity = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const Methods = v.record(v.string(), v.strictObject({ score: v.number(), weight: v.number() }));
const Context = v.strictObject({
  timestamps: TimeColumn,
  values: v.array(v.number()),
  mean: v.number(),
  standardDeviation: v.number(),
  min: v.number(),
  max: v.number(),
});

/**
 * Why a point is anomalous, in words: a few sentences; how often such a point comes, or what it goes on with, null where that is not known; and what the methods
 * that agree found, the surest first.
 */
const Explanation = v.strictObject({
  text: v.string(),
  rarity: v.nullable(v.string()),
  reasons: v.array(v.strictObject({ method: v.string(), text: v.string(), score: v.number() })),
});
export type Explanation = v.InferOutput<typeof Explanation>;

const finding = {
  value: v.number(),
  expected: v.nullable(v.number()),
  /** The band; null where there is none. */
  lo: v.nullable(v.number()),
  hi: v.nullable(v.number()),
  score: v.number(),
  severity: AnomalySeverity,
  direction: v.nullable(v.picklist(["above", "below"])),
  daysPerFalseAlarm: v.nullable(v.number()),
  /** These days are not the point's own: they are those of the run of anomalous points that it goes on with. */
  goesOn: v.boolean(),
  /** Of a counter: what it adds a second. */
  perSecond: v.boolean(),
  /** It came behind points that were learned already: it was scored, and not learned. */
  late: v.boolean(),
  methods: Methods,
  explanation: Explanation,
};

/** What somebody says of an anomaly. */
export const AnomalyVerdict = v.picklist(["expected", "incident", "bad-data"]);
export type AnomalyVerdict = v.InferOutput<typeof AnomalyVerdict>;
export const FeedbackNote = v.pipe(v.string(), v.maxLength(500));

/** What was said of the run of anomalous points that an anomaly is one of. */
export const Feedback = v.strictObject({
  verdict: AnomalyVerdict,
  note: v.nullable(FeedbackNote),
  by: Actor,
  at: IsoTime,
});
export type Feedback = v.InferOutput<typeof Feedback>;

/** A point that live detection found anomalous. `historical`: it was older than the lateness bound when it came. */
export const Anomaly = v.strictObject({
  id: AnomalyId,
  series: SeriesId,
  timestamp: IsoTime,
  ...finding,
  historical: v.boolean(),
  /** Nobody was told of it: there were rarer ones, and people do not want to be told of more. */
  overBudget: v.boolean(),
  clearedAt: v.nullable(IsoTime),
  feedback: v.nullable(Feedback),
  detectedAt: IsoTime,
});
export type Anomaly = v.InferOutput<typeof Anomaly>;

/** With the stored points around it; null where it was not asked for, and where the point is not stored any more. */
export const AnomalyInContext = v.strictObject({ ...Anomaly.entries, context: v.nullable(Context) });

const isDay = (text: string): boolean => {
  const midnight = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : new Date(Number.NaN);
  // 30 February is rolled over into March: the written day has to come back.
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
};
const Day = v.pipe(v.string(), v.check(isDay, "Expected a day of the calendar, such as 2026-12-25"));
const Least = v.pipe(v.number(), v.finite(), v.minValue(0));

/** What decides beside the points what is anomalous. In brackets what holds where nobody says anything. */
export const scoring = {
  /** [0.5] */
  sensitivity: Sensitivity,
  /** Of methods, by name [each method's own]. 0 leaves one out. */
  weights: record(v.pipe(v.string(), v.maxLength(50)), v.pipe(v.number(), v.minValue(0), v.maxValue(100))),
  /** [either] */
  direction: Direction,
  /** The least distance from what was expected, in the series' unit [0]. */
  minAbsolute: Least,
  /** The least distance from what was expected, as a share of it: 0.1 is ten percent [0]. */
  minRelative: Least,
  /** The least weighted share of methods that agree, 0..1 [0]. */
  consensus: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  /** By whose clock days and hours are told apart [UTC]. */
  timezone: TimeZone,
  /** Days on that clock that are like Sundays, 400 at most [none]. */
  holidays: v.pipe(v.array(Day), v.maxLength(400)),
};

const InputValues = v.pipe(v.array(v.pipe(v.number(), v.finite())), v.minLength(1), v.maxLength(100_000));

/** Members that say how the native detector goes about it: TimeGPT has a way of its own. */
const NATIVE_ONLY = ["weights", "consensus", "timezone", "holidays"] as const;

/**
 * Of a stored series its settings say what the request does not. `backend: "timegpt"` sends the points to Nixtla's TimeGPT: they have to be equally spaced, without
 * gaps, and of the settings sensitivity, direction, minAbsolute and minRelative count.
 */
export const DetectionRequest = v.pipe(
  v.strictObject({
    series: v.optional(SeriesReference),
    from: v.optional(Time),
    to: v.optional(Time),
    input: v.optional(
      v.pipe(
        v.strictObject({ timestamps: v.pipe(v.array(PointTime), v.minLength(1), v.maxLength(100_000)), values: InputValues }),
        v.check(({ timestamps, values }) => timestamps.length === values.length, "Expected as many timestamps as values"),
      ),
    ),
    ...exactPartial(scoring),
    context: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(500)), 24),
    backend: v.optional(v.picklist(["native", "timegpt"]), "native"),
  }),
  v.forward(
    v.check(
      (request) => request.backend === "native" || NATIVE_ONLY.every((member) => request[member] === undefined),
      `Expected none of ${NATIVE_ONLY.join(", ")} with timegpt`,
    ),
    ["backend"],
  ),
  v.forward(
    v.check(({ series, input }) => (series === undefined) !== (input === undefined), "Expected either series or input"),
    ["series"],
  ),
  v.forward(
    v.check(({ from, to }) => from === undefined || to === undefined || from < to, "Expected from before to"),
    ["from"],
  ),
);
export type DetectionRequest = v.InferOutput<typeof DetectionRequest>;

const progress = {
  /** That were learned, or wait to be. */
  points: v.number(),
  /** That are missing until there are scores, of a series that is warming up; until any severity may be given, of one that is settling. */
  pointsLeft: v.number(),
  /** When these will have come, should they go on as they came; null where none is missing, and while that is not known. */
  readyAt: v.nullable(IsoTime),
};

/** What is known of points does not do yet: for scores at all (`warming-up`), or for severities above medium (`settling`). */
const WarmUp = v.strictObject({ state: v.picklist(["warming-up", "settling"]), ...progress });
export type WarmUp = v.InferOutput<typeof WarmUp>;

/** How far live detection knows a series; `off` where its settings say that it is not scored. */
export const DetectionState = v.strictObject({
  series: SeriesId,
  state: v.picklist(["off", "warming-up", "settling", "ready"]),
  ...progress,
});
export type DetectionState = v.InferOutput<typeof DetectionState>;

/** Columns: row i of each belongs to input row i, in the order given. */
export const Detection = v.strictObject({
  series: v.optional(SeriesId),
  timestamps: TimeColumn,
  values: v.array(v.number()),
  scores: v.array(v.number()),
  expected: v.array(v.nullable(v.number())),
  lo: v.array(v.nullable(v.number())),
  hi: v.array(v.nullable(v.number())),
  /** 1 where a row came behind rows that were learned already. */
  late: v.array(v.picklist([0, 1])),
  /** How the point after the last row would be scored; null where enough is known. */
  warmingUp: v.nullable(WarmUp),
  anomalies: v.array(
    v.strictObject({
      index: v.number(),
      timestamp: v.number(),
      ...finding,
      /** The weighted share of methods that agree, 0..1. */
      consensus: v.number(),
      context: v.nullable(Context),
    }),
  ),
});
export type Detection = v.InferOutput<typeof Detection>;
