import type { EventId } from "../../shared/contract/ids.ts";
import type { Bus, Clock } from "../../shared/ports.ts";
import type { EventStore } from "../../shared/ports/platform.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * The clock of the local system: publishes `tick.minute` and `tick.hour` at each full minute and hour, and once at the start. A tick's id is
 * its time, so several processes on one database make one tick.
 */
export function startScheduler({
  clock,
  events,
  bus,
  onError,
}: {
  clock: Clock;
  events: EventStore;
  bus: Bus;
  onError: (error: unknown) => void;
}) {
  let timer: NodeJS.Timeout | undefined;
  let lastHour: number | null = null;
  const tick = () => {
    const now = clock.now();
    timer = setTimeout(tick, MINUTE_MS - (now % MINUTE_MS));
    publish("tick.minute", Math.floor(now / MINUTE_MS)).catch(onError);
    // A machine may have slept through the first minute of an hour.
    const hour = Math.floor(now / HOUR_MS);
    if (hour !== lastHour) publish("tick.hour", hour).catch(onError);
    lastHour = hour;
  };
  const publish = async (type: "tick.minute" | "tick.hour", n: number) => {
    const event = { id: `${type}:${n}` as EventId, type, org: null, at: clock.now(), traceparent: null, data: {} };
    await events.enqueue(event);
    await bus.publish([event]);
  };
  tick();
  return { stop: () => clearTimeout(timer) };
}
