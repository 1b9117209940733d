import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { findPubSubEmulator, PUBSUB_EMULATOR_MISSING, startPubSubEmulator } from "./pubsub-emulator.ts";
import type { PubSubEmulator } from "./pubsub-emulator.ts";
import { pubSubProject } from "./pubsub-rest.ts";
import type { PubSubProject } from "./pubsub-rest.ts";

describe("finding it", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "emulator-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function program(...path: string[]): string {
    const file = join(root, ...path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "#!/bin/sh\n");
    chmodSync(file, 0o755);
    return file;
  }

  test("the SDK of the gcloud on PATH is searched, through symbolic links", () => {
    const script = program("sdk", "platform", "pubsub-emulator", "bin", "cloud-pubsub-emulator");
    const gcloud = program("sdk", "bin", "gcloud");
    program("bin", "java");
    symlinkSync(gcloud, join(root, "bin", "gcloud"));
    expect(findPubSubEmulator({ PATH: join(root, "bin"), HOME: root })).toBe(script);
  });

  test("the directory of the jar that was named goes first", () => {
    program("sdk", "platform", "pubsub-emulator", "bin", "cloud-pubsub-emulator");
    program("sdk", "bin", "gcloud");
    program("sdk", "bin", "java");
    const named = program("named", "bin", "cloud-pubsub-emulator");
    const environment = { PATH: join(root, "sdk", "bin"), PUBSUB_EMULATOR_JAR_DIR: join(root, "named", "lib") };
    expect(findPubSubEmulator(environment)).toBe(named);
  });

  test("without Java there is none", () => {
    program("sdk", "platform", "pubsub-emulator", "bin", "cloud-pubsub-emulator");
    program("sdk", "bin", "gcloud");
    expect(findPubSubEmulator({ PATH: join(root, "sdk", "bin") })).toBeNull();
    expect(findPubSubEmulator({ PATH: join(root, "sdk", "bin"), JAVA_HOME: join(root, "no-java") })).toBeNull();
  });
});

const base64 = (text: string) => Buffer.from(text).toString("base64");

const found = findPubSubEmulator() !== null;
if (!found) console.warn(PUBSUB_EMULATOR_MISSING);

(found ? describe : describe.skip)("the emulator", () => {
  let emulator: PubSubEmulator;
  let project: PubSubProject;
  let endpoint: Server;
  let url: string;
  const pushes: { contentType: string | undefined; body: unknown }[] = [];
  /** Answers to the next pushes; 204 when there is none left. */
  const statuses: number[] = [];
  let names = 0;
  const name = () => `name-${(names += 1)}`;

  beforeAll(async () => {
    emulator = await startPubSubEmulator();
    project = pubSubProject(emulator.host, "test-project");
    endpoint = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        pushes.push({ contentType: request.headers["content-type"], body: JSON.parse(body) });
        response.writeHead(statuses.shift() ?? 204).end();
        endpoint.emit("pushed");
      });
    }).listen(0, "127.0.0.1");
    await once(endpoint, "listening");
    url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/push`;
  }, 40_000);

  afterAll(async () => {
    endpoint.close();
    endpoint.closeAllConnections();
    await emulator.stop();
  });

  beforeEach(() => {
    pushes.length = 0;
    statuses.length = 0;
  });

  async function pushed(count: number): Promise<void> {
    while (pushes.length < count) await once(endpoint, "pushed");
  }

  test("a published message is pushed in an envelope of subscription and message", async () => {
    const [topic, subscription] = [name(), name()];
    await project.createTopic(topic);
    await project.createPushSubscription({ subscription, topic, endpoint: url });
    const [messageId] = await project.publish(topic, [{ data: base64('{"id":1}'), attributes: { type: "tick" }, orderingKey: "k" }]);
    await pushed(1);
    // Each name twice, in two spellings, and no orderingKey or deliveryAttempt.
    expect(pushes[0]).toEqual({
      contentType: "application/json",
      body: {
        subscription: `projects/test-project/subscriptions/${subscription}`,
        message: {
          data: base64('{"id":1}'),
          attributes: { type: "tick" },
          messageId,
          message_id: messageId,
          publishTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
          publish_time: expect.any(String),
        },
      },
    });
  });

  test("a push that is answered 500 comes again, the same, until it is answered 204", async () => {
    const [topic, subscription] = [name(), name()];
    await project.createTopic(topic);
    await project.createPushSubscription({ subscription, topic, endpoint: url });
    statuses.push(500, 500);
    await project.publish(topic, [{ data: base64("x") }]);
    await pushed(3);
    expect(pushes[1]).toEqual(pushes[0]);
    expect(pushes[2]).toEqual(pushes[0]);
  }, 20_000);

  test("a message that is refused five times goes to the dead-letter topic", async () => {
    const [topic, subscription, deadTopic, deadSubscription] = [name(), name(), name(), name()];
    await project.createTopic(topic);
    await project.createTopic(deadTopic);
    await project.createPullSubscription(deadSubscription, deadTopic);
    const deadLetter = { topic: deadTopic, maxDeliveryAttempts: 5 };
    await project.createPushSubscription({ subscription, topic, endpoint: url, deadLetter });
    statuses.push(500, 500, 500, 500, 500);
    await project.publish(topic, [{ data: base64("bad"), attributes: { type: "tick" } }]);
    const dead = await project.pull(deadSubscription, 1);
    expect(pushes).toHaveLength(5);
    expect(dead).toMatchObject([
      {
        message: {
          data: base64("bad"),
          attributes: {
            type: "tick",
            CloudPubSubDeadLetterSourceSubscription: subscription,
            CloudPubSubDeadLetterSourceDeliveryCount: "5",
          },
        },
      },
    ]);
  }, 30_000);

  test("a message that was pulled and acknowledged does not come again", async () => {
    const [topic, subscription] = [name(), name()];
    await project.createTopic(topic);
    await project.createPullSubscription(subscription, topic);
    const [first] = await project.publish(topic, [{ data: base64("1") }]);
    const received = await project.pull(subscription, 10);
    expect(received.map(({ message }) => message.messageId)).toEqual([first]);
    await project.ack(
      subscription,
      received.map(({ ackId }) => ackId),
    );
    const [second] = await project.publish(topic, [{ attributes: { only: "attributes" } }]);
    expect((await project.pull(subscription, 10)).map(({ message }) => message.messageId)).toEqual([second]);
  });

  test("once stopped, it is gone", async () => {
    const another = await startPubSubEmulator();
    await another.stop();
    await expect(fetch(`http://${another.host}/`)).rejects.toThrow("fetch failed");
    await another.stop();
  }, 40_000);

  test("an answer that is not 200 is thrown with what it says", async () => {
    await expect(project.publish(name(), [{ data: base64("x") }])).rejects.toThrow("404");
  });
});
