import * as v from "valibot";
import { AlertId, AnomalyId, EventId, ForecastId, ForecastRunId, OrgId, SeriesId } from "./ids.ts";

const Sequence = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The data of each event type. Events carry ids and ranges, never rows. */
const EVENT_DATA = {
  "metrics.ingested": v.strictObject({ seq: Sequence, n: Sequence, from: v.number(), to: v.number() }),
  "anomaly.detected": v.strictObject({ series: SeriesId, anomalies: v.pipe(v.array(AnomalyId), v.minLength(1), v.maxLength(100)) }),
  "anomaly.cleared": v.strictObject({ series: SeriesId, at: v.number() }),
  "detection.relearn-requested": v.strictObject({ series: v.pipe(v.array(SeriesId), v.minLength(1), v.maxLength(100)) }),
  "forecast.created": v.strictObject({ forecasts: v.pipe(v.array(ForecastId), v.minLength(1), v.maxLength(100)) }),
  "forecast.requested": v.strictObject({ forecast: ForecastId }),
  "forecast-run.requested": v.strictObject({ run: ForecastRunId, step: Sequence }),
  "alert.changed": v.strictObject({ alert: AlertId, version: Sequence, to: v.picklist(["firing", "resolved", "acknowledged"]) }),
  "tick.minute": v.strictObject({}),
  "tick.hour": v.strictObject({}),
} as const;

export type EventType = keyof typeof EVENT_DATA;
export type EventData<Type extends EventType> = v.InferOutput<(typeof EVENT_DATA)[Type]>;

/** The topics and the types that each carries; a topic's cloud name is `intentvision-<topic>`. */
export const TOPICS = {
  metrics: ["metrics.ingested", "detection.relearn-requested"],
  anomalies: ["anomaly.detected", "anomaly.cleared"],
  forecasts: ["forecast.created", "forecast.requested", "forecast-run.requested"],
  alerts: ["alert.changed"],
  ticks: ["tick.minute", "tick.hour"],
} as const satisfies Record<string, readonly EventType[]>;
export type Topic = keyof typeof TOPICS;

/** The topic that carries a type. */
export function topicOf(type: EventType): Topic {
  for (const [topic, types] of Object.entries(TOPICS)) {
    if ((types as readonly string[]).includes(type)) return topic as Topic;
  }
  throw new Error(`No topic carries ${type}`);
}

/** The one envelope: `org` is null for ticks only; `at` is Unix ms. */
export interface Event<Type extends EventType = EventType> {
  readonly id: EventId;
  readonly type: Type;
  readonly org: OrgId | null;
  readonly at: number;
  readonly traceparent: string | null;
  readonly data: EventData<Type>;
}

const Envelope = v.strictObject({
  id: EventId,
  type: v.picklist(Object.keys(EVENT_DATA) as [EventType, ...EventType[]]),
  org: v.nullable(OrgId),
  at: v.number(),
  traceparent: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(200))), null),
  data: v.unknown(),
});

/** Parses an envelope and the data of its type; throws valibot's error when it matches neither. */
export function parseEvent(value: unknown): Event {
  const envelope = v.parse(Envelope, value);
  return { ...envelope, data: v.parse(EVENT_DATA[envelope.type], envelope.data) };
}
