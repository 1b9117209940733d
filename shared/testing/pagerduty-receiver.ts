import * as v from "valibot";
import { isTaken, startHttpReceiver } from "./http-receiver.ts";
import type { HttpReceiver, ReceivedRequest } from "./http-receiver.ts";

interface ReceivedEvent extends ReceivedRequest {
  /** The parsed body; null where it is not JSON. */
  readonly event: unknown;
  /** What PagerDuty would not have taken; empty for a good event. */
  readonly faults: readonly string[];
  readonly taken: boolean;
}

/** What PagerDuty keeps of the events with one key, until it is resolved. */
export interface PagerdutyIncident {
  readonly key: string;
  readonly status: "triggered" | "acknowledged" | "resolved";
  /** Triggers that went into it. */
  readonly triggers: number;
  /** Of its first trigger. */
  readonly summary: string;
  /** Of its newest trigger. */
  readonly severity: string;
}

export interface PagerdutyReceiver extends HttpReceiver {
  /** In place of https://events.pagerduty.com. */
  readonly base: string;
  /** Every request, in the order of arrival. */
  requests(): readonly ReceivedEvent[];
  /** Every incident, the oldest first: a trigger goes into the open one with its key, else makes one. */
  incidents(): readonly PagerdutyIncident[];
}

const MAX_BYTES = 512 * 1_024;
const text = (max: number) =>
  v.pipe(
    v.string(),
    v.check((value) => value !== "" && Array.from(value).length <= max, `1 to ${max} characters`),
  );
const routing_key = v.pipe(v.string(), v.regex(/^[A-Za-z0-9]{32}$/, "32 letters and digits"));
const Payload = v.strictObject({
  summary: text(1_024),
  source: text(10_000),
  severity: v.picklist(["critical", "error", "warning", "info"]),
  timestamp: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  component: v.optional(v.string()),
  group: v.optional(v.string()),
  class: v.optional(v.string()),
  custom_details: v.optional(v.record(v.string(), v.unknown())),
});
const more = {
  client: v.optional(v.string()),
  client_url: v.optional(v.pipe(v.string(), v.url())),
  links: v.optional(v.array(v.strictObject({ href: v.pipe(v.string(), v.url()), text: v.optional(v.string()) }))),
  images: v.optional(v.array(v.looseObject({ src: v.pipe(v.string(), v.startsWith("https://")) }))),
};
const Event = v.variant("event_action", [
  v.strictObject({ event_action: v.literal("trigger"), routing_key, dedup_key: v.optional(text(255)), payload: Payload, ...more }),
  v.strictObject({
    event_action: v.picklist(["acknowledge", "resolve"]),
    routing_key,
    dedup_key: text(255),
    payload: v.optional(Payload),
    ...more,
  }),
]);
type Event = v.InferOutput<typeof Event>;

/**
 * Starts a receiver of PagerDuty's Events API v2: it judges each event by the published rules of its fields, answers 202 or 400 as
 * PagerDuty does, and keeps incidents by their keys.
 *
 * @param options.routingKey - Of the one service there is; an event with another is refused.
 * @param options.now - The clock of the recorded times. Default: the system's.
 * @see https://developer.pagerduty.com/docs/send-alert-event
 */
export async function startPagerdutyReceiver(options: {
  readonly routingKey: string;
  readonly now?: () => number;
}): Promise<PagerdutyReceiver> {
  const requests: ReceivedEvent[] = [];
  const incidents: PagerdutyIncident[] = [];
  const receiver = await startHttpReceiver(
    (request, told) => {
      const event = parse(request);
      const faults = pagerdutyFaults(event, options.routingKey);
      const answer =
        told ?? (faults.length === 0 ? { status: 202, body: accepted(event as Event) } : { status: 400, body: refused(faults) });
      const taken = isTaken(answer);
      if (taken && faults.length === 0) take(event as Event, incidents);
      requests.push({ ...request, event, faults, taken });
      return answer;
    },
    "/v2/enqueue",
    options.now,
  );
  return { ...receiver, base: `http://${receiver.host}`, requests: () => requests, incidents: () => incidents };
}

function parse({ method, path, headers, body }: ReceivedRequest): unknown {
  if (method !== "POST" || path !== "/v2/enqueue" || !/^application\/json\b/i.test(headers["content-type"] ?? "")) return null;
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** Everything that is wrong with an event. */
export function pagerdutyFaults(event: unknown, routingKey: string): readonly string[] {
  const size = Buffer.byteLength(JSON.stringify(event));
  if (size > MAX_BYTES) return [`${size} bytes`];
  const { issues, success } = v.safeParse(Event, event);
  if (!success) return issues.map(({ message, path }) => `${(path ?? []).map(({ key }) => String(key)).join(".")}: ${message}`);
  return (event as Event).routing_key === routingKey ? [] : ["routing_key: Invalid routing key"];
}

const accepted = ({ dedup_key = "made" }: Event) => JSON.stringify({ status: "success", message: "Event processed", dedup_key });
const refused = (errors: readonly string[]) => JSON.stringify({ status: "invalid event", message: "Event object is invalid", errors });

function take(event: Event, incidents: PagerdutyIncident[]): void {
  const key = event.dedup_key ?? `made-${incidents.length}`;
  const at = incidents.findIndex((incident) => incident.key === key && incident.status !== "resolved");
  const open = incidents[at];
  if (event.event_action === "trigger") {
    const { summary, severity } = event.payload;
    if (open === undefined) incidents.push({ key, status: "triggered", triggers: 1, summary, severity });
    else incidents[at] = { ...open, triggers: open.triggers + 1, severity };
  } else if (open !== undefined) {
    // What is not open is not acknowledged or resolved: the event is taken, and forgotten.
    incidents[at] = { ...open, status: event.event_action === "resolve" ? "resolved" : "acknowledged" };
  }
}
