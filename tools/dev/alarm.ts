import type { Alarm, Clock } from "../../shared/ports.ts";

/** An alarm of this process: rings at the earliest time that was asked for. What is lost with the process, the minute's tick makes good. */
export function createLocalAlarm(clock: Clock, ring: () => Promise<void>): Alarm & { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let due = Infinity;
  return {
    async wakeAt(at) {
      if (at >= due) return;
      due = at;
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          due = Infinity;
          void ring();
        },
        Math.max(0, at - clock.now()),
      );
    },
    stop: () => clearTimeout(timer),
  };
}
