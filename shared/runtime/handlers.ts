import type { IncomingMessage, ServerResponse } from "node:http";
import { recordFailure } from "../bus/retries.ts";
import { Problem, PROBLEMS } from "../contract/problem.ts";
import { parseJsonBody } from "./body.ts";
import type { Handler, HandlerRequest } from "./entry.ts";
import { readEnvelope } from "./envelope.ts";
import { errorFields } from "./log.ts";
import type { Log } from "./log.ts";
import type { EventFunction, FunctionDefinition, HttpFunction } from "./route.ts";
import { openInvocation } from "./runtime.ts";
import type { Runtime } from "./runtime.ts";
import { serveEvent } from "./serve-event.ts";
import { refuseUnread, serveHttp } from "./serve-http.ts";
import type { HttpRequest } from "./serve-http.ts";

/** Pub/Sub redelivers on its own: the relay looks after an event that it gave up only much later. */
const REDELIVERED_ELSEWHERE_MS = 3_600_000;
const HOST = /^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?$|^\[[0-9a-fA-F:]{2,45}\](?::\d{1,5})?$/;

/** What the entry calls for each request of a function. */
export const handlerOf = (name: string, definition: FunctionDefinition, runtime: Runtime): Handler =>
  definition.kind === "http" ? httpHandler(name, definition, runtime) : pushHandler(name, definition, runtime);

/** Logs what the entry answered by itself: a refusal is the caller's doing, anything else is ours. */
export function logRefusal(log: Log, error: unknown): void {
  const ours = !(error instanceof Problem) || PROBLEMS[error.kind].status >= 500;
  if (ours) log.error("Request failed outside its verb", errorFields(error));
  else log.info("Request refused at the door", { problem: error.kind, detail: error.detail });
}

const httpHandler = (name: string, definition: HttpFunction, runtime: Runtime): Handler =>
  Object.assign(
    async (req: HandlerRequest, res: ServerResponse) => {
      const response = await serveHttp(name, definition, requestOf(req, req.body), runtime);
      res.writeHead(response.status, response.headers);
      res.end(response.body ?? undefined);
    },
    { refuse: (problem: Problem, req: IncomingMessage) => refuseUnread(definition, problem, requestOf(req, new Uint8Array())) },
  );

function requestOf(req: IncomingMessage, body: Uint8Array): HttpRequest {
  const headers = Object.fromEntries(
    Object.entries(req.headers).map(([header, value]) => [header, Array.isArray(value) ? value.join(", ") : value]),
  );
  return { method: req.method ?? "GET", url: req.url ?? "/", origin: originOf(req), headers, body };
}

/**
 * The door of an event function: a Pub/Sub push. 204 acknowledges, also what has become a dead letter; 500 and 503 ask for a redelivery.
 * Only Pub/Sub's service account may call it.
 */
const pushHandler =
  (name: string, definition: EventFunction, runtime: Runtime): Handler =>
  async (req, res) => {
    const body = parseJsonBody(req.body);
    if (!body.ok) throw body.error;
    const now = runtime.clock.now();
    const event = readEnvelope(body.value, now);
    const { consumer } = definition;
    const { events } = openInvocation(runtime, null).deps.store.platform;
    let failed: { error: unknown } | null = null;
    try {
      await serveEvent(name, definition, event, runtime);
    } catch (error) {
      failed = { error };
    }
    const before = await events.failure(consumer, event.id);
    if (failed !== null) {
      const attempts = 1 + (before?.attempts ?? 0);
      const dead = await recordFailure(events, { consumer, event, ...failed, attempts, now, waitMs: REDELIVERED_ELSEWHERE_MS });
      if (!dead) throw failed.error;
    } else if (before !== null) {
      // Failed before and worked off now: nobody has to look after it any more.
      await events.removeFailure(before.id, before.attempts);
    }
    res.writeHead(204);
    res.end();
  };

function originOf(req: IncomingMessage): string {
  const host = req.headers.host ?? "";
  const scheme = req.headers["x-forwarded-proto"] === "https" ? "https" : "http";
  return HOST.test(host) ? `${scheme}://${host}` : "";
}
