import * as v from "valibot";
import { Actor } from "./actor.ts";
import { AnomalyId, SeriesId } from "./ids.ts";
import { record } from "./record.ts";
import { SeriesReference } from "./series.ts";
import { IsoTime, Time, TimeColumn, TimeZone } from "./time.ts";

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

const finding = {
  value: v.number(),
  expected: v.nullable(v.number()),
  score: v.number(),
  severity: AnomalySeverity,
  direction: v.nullable(v.picklist(["above", "below"])),
  daysPerFalseAlarm: v.nullable(v.number()),
  methods: Methods,
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
  lo: v.nullable(v.number()),
  hi: v.nullable(v.number()),
  historical: v.boolean(),
  clearedAt: v.nullable(IsoTime),
  feedback: v.nullable(Feedback),
  detectedAt: IsoTime,
});
export type Anomaly = v.InferOutput<typeof Anomaly>;

const InputValues = v.pipe(v.array(v.pipe(v.number(), v.finite())), v.minLength(1), v.maxLength(100_000));

export const DetectionRequest = v.pipe(
  v.strictObject({
    series: v.optional(SeriesReference),
    from: v.optional(Time),
    to: v.optional(Time),
    input: v.optional(
      v.pipe(
        v.strictObject({ timestamps: v.pipe(v.array(Time), v.minLength(1), v.maxLength(100_000)), values: InputValues }),
        v.check(({ timestamps, values }) => timestamps.length === values.length, "Expected as many timestamps as values"),
      ),
    ),
    sensitivity: v.optional(Sensitivity, 0.5),
    weights: v.optional(record(v.pipe(v.string(), v.maxLength(50)), v.pipe(v.number(), v.minValue(0), v.maxValue(100)))),
    direction: v.optional(Direction, "either"),
    timezone: v.optional(TimeZone),
    context: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(500)), 24),
  }),
  v.check(({ series, input }) => (series === undefined) !== (input === undefined), "Expected either series or input"),
  v.check(({ from, to }) => from === undefined || to === undefined || from < to, "Expected from before to"),
);
export type DetectionRequest = v.InferOutput<typeof DetectionRequest>;

/** Columns: row i of each belongs to input row i, in the order given. */
export const Detection = v.strictObject({
  series: v.optional(SeriesId),
  timestamps: TimeColumn,
  values: v.array(v.number()),
  scores: v.array(v.number()),
  expected: v.array(v.nullable(v.number())),
  lo: v.array(v.nullable(v.number())),
  hi: v.array(v.nullable(v.number())),
  anomalies: v.array(v.strictObject({ index: v.number(), timestamp: v.number(), ...finding, context: v.nullable(Context) })),
});
export type Detection = v.InferOutput<typeof Detection>;
