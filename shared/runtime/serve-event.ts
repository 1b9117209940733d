import type { Event } from "../contract/events.ts";
import type { Deps } from "../ports.ts";
import { runInContext } from "./context.ts";
import type { LogContext } from "./context.ts";
import { errorFields } from "./log.ts";
import type { EventContext, EventFunction } from "./route.ts";
import { openInvocation, publishCommitted } from "./runtime.ts";
import type { Runtime } from "./runtime.ts";

type Handle = (data: unknown, context: EventContext, deps: Deps) => Promise<void>;

/**
 * Has one event worked off by a consumer, whether it comes for the first time or again.
 * @throws What the handler threw: the bus delivers the event again.
 */
export async function serveEvent(
  name: string,
  { consumer, deduplicate, on }: EventFunction,
  event: Event,
  runtime: Runtime,
): Promise<void> {
  const handle = on[event.type] as Handle | undefined;
  if (handle === undefined) return;
  const trace = event.traceparent?.split("-")[1] ?? null;
  const context: LogContext = { function: name, requestId: event.id, trace, org: event.org, tags: new Map() };

  await runInContext(context, async () => {
    const startedAt = performance.now();
    const now = runtime.clock.now();
    const { deps, committed } = openInvocation(runtime, event.traceparent);
    const { events } = deps.store.platform;
    if (deduplicate === "event-id" && (await events.wasProcessed(consumer, event.id))) return;
    try {
      await handle(event.data, { event, now }, deps);
      if (deduplicate === "event-id") await events.markProcessed(consumer, event.id, now);
    } catch (error) {
      runtime.log.warning("Event failed", { consumer, type: event.type, eventId: event.id, ...errorFields(error) });
      throw error;
    } finally {
      await publishCommitted(runtime, committed);
    }
    runtime.log.info("Event worked off", {
      consumer,
      type: event.type,
      eventId: event.id,
      durationMs: Math.round(performance.now() - startedAt),
    });
  });
}
