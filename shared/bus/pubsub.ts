import { TOPICS, topicOf } from "../contract/events.ts";
import type { Event, Topic } from "../contract/events.ts";
import { Unavailable } from "../contract/problem.ts";
import type { Bus, Clock } from "../ports.ts";
import type { EventStore } from "../ports/platform.ts";

const ENDPOINT = "https://pubsub.googleapis.com";
const TOKEN_URL = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
/** A token is renewed so long before it ends. */
const RENEW_BEFORE_MS = 60_000;
const TIMEOUT_MS = 10_000;
/** Pub/Sub takes no more in one request. */
const MESSAGES_A_REQUEST = 1_000;

/** The name of a topic in Pub/Sub. */
export const topicName = (topic: Topic): string => `intentvision-${topic}`;

/**
 * A bus over Pub/Sub's REST interface, which starts far faster than its client library. Publishing marks the outbox; what fails to
 * be published stays there for the relay.
 *
 * @param options.fetch - For addresses that the operator configured.
 * @see https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */
export function createPubSubBus({
  project,
  emulatorHost,
  events: outbox,
  clock,
  fetch,
}: {
  project: string;
  emulatorHost?: string | undefined;
  events: EventStore;
  clock: Clock;
  fetch: typeof globalThis.fetch;
}): Bus {
  const endpoint = emulatorHost === undefined ? ENDPOINT : `http://${emulatorHost}`;
  let token: { value: string; until: number } | null = null;

  return {
    async publish(events) {
      const topics = Object.keys(TOPICS) as Topic[];
      const published = topics.map((topic) =>
        publishAndMark(
          topic,
          events.filter(({ type }) => topicOf(type) === topic),
        ),
      );
      // A topic that fails holds up no other.
      const failed = (await Promise.allSettled(published)).find(({ status }) => status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
    },
    async redeliver(failed) {
      for (const { id, event, attempts } of failed) {
        // To all subscribers: those that have worked it off know it by its id or its effect. Should it have failed again by the time
        // that its failure is removed, that stays: it may have been the last attempt, and the only place that the event is in.
        await publishTo(topicOf(event.type), [event]);
        await outbox.removeFailure(id, attempts);
      }
    },
  };

  async function publishAndMark(topic: Topic, events: readonly Event[]): Promise<void> {
    for (let start = 0; start < events.length; start += MESSAGES_A_REQUEST) {
      const page = events.slice(start, start + MESSAGES_A_REQUEST);
      await publishTo(topic, page);
      await outbox.markPublished(
        page.map(({ id }) => id),
        clock.now(),
      );
    }
  }

  async function publishTo(topic: Topic, events: readonly Event[]): Promise<void> {
    const messages = events.map((event) => ({
      data: Buffer.from(JSON.stringify(event)).toString("base64"),
      attributes: { type: event.type, ...(event.org === null ? {} : { org: event.org }) },
    }));
    const response = await call(`${endpoint}/v1/projects/${project}/topics/${topicName(topic)}:publish`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(await authorization()) },
      body: JSON.stringify({ messages }),
    });
    // Read to its end, so that the connection can be used again.
    await response.arrayBuffer();
    if (response.status === 401) token = null;
    if (!response.ok) {
      throw new Unavailable(`Pub/Sub answered ${response.status} for ${topicName(topic)}`, { retryable: true });
    }
  }

  async function authorization(): Promise<Record<string, string>> {
    if (emulatorHost !== undefined) return {};
    if (token === null || token.until - RENEW_BEFORE_MS <= clock.now()) {
      const response = await call(TOKEN_URL, { headers: { "Metadata-Flavor": "Google" } });
      if (!response.ok) throw new Unavailable(`The metadata server answered ${response.status}`, { retryable: true });
      const { access_token: value, expires_in: seconds } = (await response.json()) as { access_token: string; expires_in: number };
      token = { value, until: clock.now() + seconds * 1_000 };
    }
    return { Authorization: `Bearer ${token.value}` };
  }

  async function call(url: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      throw new Unavailable("Pub/Sub cannot be reached", { retryable: true, cause: error });
    }
  }
}
