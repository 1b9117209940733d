import type { Alarm, Clock } from "../../shared/ports.ts";

/** Between two rings: what is asked for many times at once is asked for once. */
const GAP_MS = 50;

export interface LocalAlarm extends Alarm {
  /** Rings no more. */
  stop(): void;
  /** Resolves when every ring has been answered. */
  settled(): Promise<void>;
}

/**
 * An alarm of this process: rings at the earliest time that was asked for, also while an earlier ring is still being answered. What is lost
 * with the process, the minute's tick makes good.
 * @param ring - Never rejects.
 */
export function createLocalAlarm(clock: Clock, ring: () => Promise<void>): LocalAlarm {
  let timer: NodeJS.Timeout | undefined;
  let due = Infinity;
  let rangAt = -Infinity;
  let isStopped = false;
  const answering = new Set<Promise<void>>();
  const ringNow = () => {
    due = Infinity;
    rangAt = clock.now();
    const answer = ring().finally(() => answering.delete(answer));
    answering.add(answer);
  };
  return {
    async wakeAt(at) {
      if (at >= due || isStopped) return;
      due = at;
      clearTimeout(timer);
      timer = setTimeout(ringNow, Math.max(0, at - clock.now(), rangAt + GAP_MS - clock.now()));
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
    async settled() {
      await Promise.all(answering);
    },
  };
}
