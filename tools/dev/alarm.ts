import type { Alarm, Clock } from "../../shared/ports.ts";

/** Between two rings: what is asked for many times at once is asked for once. */
const GAP_MS = 50;

/**
 * An alarm of this process: rings at the earliest time that was asked for, also while an earlier ring is still being answered. What is lost
 * with the process, the minute's tick makes good.
 */
export function createLocalAlarm(clock: Clock, ring: () => Promise<void>): Alarm & { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let due = Infinity;
  let rangAt = -Infinity;
  return {
    async wakeAt(at) {
      if (at >= due) return;
      due = at;
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          due = Infinity;
          rangAt = clock.now();
          void ring();
        },
        Math.max(0, at - clock.now(), rangAt + GAP_MS - clock.now()),
      );
    },
    stop: () => clearTimeout(timer),
  };
}
