/** A message to publish: data in base64, attributes, or both. */
interface OutgoingMessage {
  readonly data?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly orderingKey?: string;
}

interface ReceivedMessage {
  readonly ackId: string;
  /** Absent unless the subscription has a dead-letter topic. */
  readonly deliveryAttempt?: number;
  readonly message: {
    readonly data?: string;
    readonly attributes?: Readonly<Record<string, string>>;
    readonly messageId: string;
    readonly publishTime: string;
    readonly orderingKey?: string;
  };
}

interface PushSubscription {
  readonly subscription: string;
  readonly topic: string;
  /** Where each message is posted to. */
  readonly endpoint: string;
  /** 10..600; a push that is not answered by then is sent again. */
  readonly ackDeadlineSeconds?: number;
  readonly deadLetter?: {
    readonly topic: string;
    /** 5..100 */
    readonly maxDeliveryAttempts: number;
  };
}

/** One project of Pub/Sub over its REST interface. Names are short ones, at least three characters: `orders`, not `projects/p/topics/orders`. */
export interface PubSubProject {
  createTopic(topic: string): Promise<void>;
  createPushSubscription(subscription: PushSubscription): Promise<void>;
  createPullSubscription(subscription: string, topic: string): Promise<void>;
  /** @returns The messages' ids, in their order. */
  publish(topic: string, messages: readonly OutgoingMessage[]): Promise<readonly string[]>;
  /** Waits until there is at least one message. */
  pull(subscription: string, maxMessages: number): Promise<readonly ReceivedMessage[]>;
  ack(subscription: string, ackIds: readonly string[]): Promise<void>;
}

/**
 * What a test does to an emulator at `host`; every call throws with the answer when it is not 200.
 *
 * @see https://cloud.google.com/pubsub/docs/reference/rest
 */
export function pubSubProject(host: string, project: string): PubSubProject {
  const topicName = (topic: string) => `projects/${project}/topics/${topic}`;
  const subscriptionName = (subscription: string) => `projects/${project}/subscriptions/${subscription}`;

  async function call(method: "PUT" | "POST", path: string, body: object): Promise<unknown> {
    const response = await fetch(`http://${host}/v1/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
    return JSON.parse(answer);
  }

  return {
    async createTopic(topic) {
      await call("PUT", topicName(topic), {});
    },
    async createPushSubscription({ subscription, topic, endpoint, ackDeadlineSeconds, deadLetter }) {
      await call("PUT", subscriptionName(subscription), {
        topic: topicName(topic),
        pushConfig: { pushEndpoint: endpoint },
        ackDeadlineSeconds,
        deadLetterPolicy: deadLetter && {
          deadLetterTopic: topicName(deadLetter.topic),
          maxDeliveryAttempts: deadLetter.maxDeliveryAttempts,
        },
      });
    },
    async createPullSubscription(subscription, topic) {
      await call("PUT", subscriptionName(subscription), { topic: topicName(topic) });
    },
    async publish(topic, messages) {
      return ((await call("POST", `${topicName(topic)}:publish`, { messages })) as { messageIds: string[] }).messageIds;
    },
    async pull(subscription, maxMessages) {
      const answer = (await call("POST", `${subscriptionName(subscription)}:pull`, { maxMessages })) as {
        receivedMessages?: ReceivedMessage[];
      };
      return answer.receivedMessages ?? [];
    },
    async ack(subscription, ackIds) {
      await call("POST", `${subscriptionName(subscription)}:acknowledge`, { ackIds });
    },
  };
}
