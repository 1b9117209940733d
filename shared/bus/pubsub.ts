import { topicOf } from "../contract/events.ts";
import type { Event, Topic } from "../contract/events.ts";
import { Unavailable } from "../contract/problem.ts";
import type { Bus, Clock, OperatorRequest } from "../ports.ts";
import type { EventStore } from "../ports/platform.ts";
import { createGoogleCall } from "./google-call.ts";

const ENDPOINT = "https://pubsub.googleapis.com";
const TIMEOUT_MS = 10_000;
/** Pub/Sub takes no more in one request. */
const MESSAGES_A_REQUEST = 1_000;

/** The name of a topic in Pub/Sub. */
export const topicName = (topic: Topic): string => `intentvision-${topic}`;

/**
 * A bus over Pub/Sub's REST interface, which starts far faster than its client library. Publishing marks the outbox; what fails to
 * be published stays there for the relay.
 *
 * @see https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */
export function createPubSubBus({
  project,
  emulatorHost,
  events: outbox,
  clock,
  request,
}: {
  project: string;
  emulatorHost?: string | undefined;
  events: EventStore;
  clock: Clock;
  request: OperatorRequest;
}): Bus {
  const isEmulated = emulatorHost !== undefined;
  const endpoint = isEmulated ? `http://${emulatorHost}` : ENDPOINT;
  const call = createGoogleCall({ service: "Pub/Sub", isEmulated, timeoutMs: TIMEOUT_MS, clock, request });

  return {
    publish: (events) =>
      publishEach(
        events,
        (event) => event,
        (page) =>
          outbox.markPublished(
            page.map(({ id }) => id),
            clock.now(),
          ),
      ),
    redeliver: (failed) =>
      // To all subscribers: those that have worked it off know it by its id or its effect.
      publishEach(
        failed,
        ({ event }) => event,
        async (page) => {
          // Should one have failed again by now, its failure stays: it may have been the last attempt, and the only place that the event is in.
          for (const { id, attempts } of page) await outbox.removeFailure(id, attempts);
        },
      ),
  };

  /**
   * Publishes the events of items page by page to their topics, and notes each page once it is published.
   * @throws The first failure, once every topic had its turn: one that fails holds up no other.
   */
  async function publishEach<Item>(
    items: readonly Item[],
    eventOf: (item: Item) => Event,
    note: (published: readonly Item[]) => Promise<void>,
  ): Promise<void> {
    const topics = Map.groupBy(items, (item) => topicOf(eventOf(item).type));
    const ended = await Promise.allSettled(
      Array.from(topics, async ([topic, own]) => {
        for (let start = 0; start < own.length; start += MESSAGES_A_REQUEST) {
          const page = own.slice(start, start + MESSAGES_A_REQUEST);
          await publishTo(topic, page.map(eventOf));
          await note(page);
        }
      }),
    );
    const failed = ended.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  async function publishTo(topic: Topic, events: readonly Event[]): Promise<void> {
    const messages = events.map((event) => ({
      data: Buffer.from(JSON.stringify(event)).toString("base64"),
      attributes: { type: event.type, ...(event.org === null ? {} : { org: event.org }) },
    }));
    const { status } = await call(`${endpoint}/v1/projects/${project}/topics/${topicName(topic)}:publish`, { messages });
    if (status !== 200) throw new Unavailable(`Pub/Sub answered ${status} for ${topicName(topic)}`, { retryable: true });
  }
}
