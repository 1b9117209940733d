import { topicOf } from "../contract/events.ts";
import type { Event, Topic } from "../contract/events.ts";
import type { EventId } from "../contract/ids.ts";
import type { Bus, Clock } from "../ports.ts";
import type { EventStore, FailedEvent } from "../ports/platform.ts";
import { recordFailure } from "./retries.ts";

/** Somebody who wants the events of some topics. */
export interface Subscriber {
  readonly consumer: string;
  readonly topics: readonly Topic[];
  /** Works one event off; throws to have it again. */
  deliver(event: Event): Promise<void>;
}

export interface InProcessBus extends Bus {
  start(): void;
  /** Stops taking events on; resolves when those in work are done. What was not taken on is in the outbox still. */
  stop(): Promise<void>;
  /** Resolves when nothing that was published before is waiting or in work. For tests and benchmarks. */
  settled(): Promise<void>;
}

const ROWS_A_READ = 200;
const MOST_IN_WORK = 1_000;
/** How often the outbox is looked at without being told, since other processes write to it as well, and failures that are due. */
const POLL_MS = 1_000;

/**
 * A bus in this process, durable through the outbox: a row stays unpublished until every subscriber has worked its event off, or
 * the failure of one is recorded. So a crash delivers again what was in work, and loses nothing.
 *
 * Each subscriber has a lane of its own: it gets events in the order of their commits, one at a time, and a slow one holds up nobody else.
 */
export function createInProcessBus({
  events,
  subscribers,
  clock,
  onError,
}: {
  events: EventStore;
  subscribers: readonly Subscriber[];
  clock: Clock;
  /** The bus's own trouble, such as a database that does not answer: it goes on at the next poll. */
  onError: (error: unknown) => void;
}): InProcessBus {
  const lanes = new Map<string, Promise<void>>(subscribers.map(({ consumer }) => [consumer, Promise.resolve()]));
  const retrying = new Set<string>();
  let done: EventId[] = [];
  let inWork = 0;
  let takenOn = 0;
  let running = false;
  let pumping: Promise<void> | null = null;
  let wokenWhilePumping = false;
  let poll: NodeJS.Timeout | undefined;
  let failuresMayBeDue = true;

  return {
    async publish() {
      // The outbox holds the events already: only the pump has to know.
      wake();
    },
    async redeliver() {
      failuresMayBeDue = true;
      wake();
    },
    start() {
      running = true;
      poll = setInterval(() => {
        failuresMayBeDue = true;
        wake();
      }, POLL_MS);
      poll.unref();
      wake();
    },
    async stop() {
      running = false;
      clearInterval(poll);
      await pumping;
      await Promise.all(lanes.values());
      await markDone();
    },
    async settled() {
      for (;;) {
        await pumping;
        await Promise.all(lanes.values());
        await markDone();
        const [next] = await events.pending({ after: 0, limit: 1 });
        if (next === undefined && inWork === 0 && pumping === null) return;
        wake();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };

  function wake(): void {
    if (!running) return;
    if (pumping !== null) {
      wokenWhilePumping = true;
      return;
    }
    pumping = pump()
      .catch(onError)
      .finally(() => {
        pumping = null;
        if (wokenWhilePumping) {
          wokenWhilePumping = false;
          wake();
        }
      });
  }

  async function pump(): Promise<void> {
    await markDone();
    if (failuresMayBeDue) await takeUpFailures();
    while (running && inWork < MOST_IN_WORK) {
      const rows = await events.pending({ after: takenOn, limit: ROWS_A_READ });
      for (const { seq, event } of rows) {
        takenOn = seq;
        takeOn(event);
      }
      if (rows.length < ROWS_A_READ) break;
    }
    // Events that are finished meanwhile are marked together, in the next round.
    await new Promise((resolve) => setImmediate(resolve));
  }

  function takeOn(event: Event): void {
    const wanted = subscribers.filter(({ topics }) => topics.includes(topicOf(event.type)));
    inWork += 1;
    void Promise.all(wanted.map((subscriber) => inLane(subscriber, () => attempt(subscriber, event, 1)))).then((outcomes) => {
      inWork -= 1;
      if (outcomes.every((safe) => safe)) {
        done.push(event.id);
        wake();
      } else {
        // Its failure could not even be recorded: it stays unpublished, and the next poll takes it on again from the start of the outbox.
        takenOn = 0;
      }
    });
  }

  /** Returns whether the event is safe: worked off, or its failure recorded. */
  async function attempt(subscriber: Subscriber, event: Event, attempts: number): Promise<boolean> {
    if (!running) return false;
    try {
      await subscriber.deliver(event);
      return true;
    } catch (error) {
      try {
        await recordFailure(events, { consumer: subscriber.consumer, event, error, attempts, now: clock.now() });
        return true;
      } catch (recording) {
        onError(recording);
        return false;
      }
    }
  }

  async function takeUpFailures(): Promise<void> {
    failuresMayBeDue = false;
    for (const failed of await events.failuresDue(clock.now(), ROWS_A_READ)) {
      const subscriber = subscribers.find(({ consumer }) => consumer === failed.consumer);
      if (subscriber === undefined || retrying.has(failed.id)) continue;
      retrying.add(failed.id);
      void inLane(subscriber, () => retryFailure(subscriber, failed)).then(() => {
        retrying.delete(failed.id);
      });
    }
  }

  async function retryFailure(subscriber: Subscriber, { id, event, attempts }: FailedEvent): Promise<void> {
    if (!running) return;
    try {
      await subscriber.deliver(event);
      await events.removeFailure(id);
    } catch (error) {
      await recordFailure(events, { consumer: subscriber.consumer, event, error, attempts: attempts + 1, now: clock.now() }).catch(onError);
    }
  }

  function inLane<Value>({ consumer }: Subscriber, work: () => Promise<Value>): Promise<Value> {
    const turn = lanes.get(consumer)!.then(work);
    lanes.set(
      consumer,
      turn.then(
        () => {},
        () => {},
      ),
    );
    return turn;
  }

  async function markDone(): Promise<void> {
    if (done.length === 0) return;
    const ids = done;
    done = [];
    try {
      await events.markPublished(ids, clock.now());
    } catch (error) {
      done = [...ids, ...done];
      throw error;
    }
  }
}
