import { EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { sweepOutbox } from "../../functions/relay/sweep.ts";
import type { Event } from "../contract/events.ts";
import { operatorRequest } from "../net/operator-request.ts";
import type { Bus, OperatorCall } from "../ports.ts";
import { frameworkServer } from "../runtime/entry.ts";
import { handlerOf } from "../runtime/handlers.ts";
import { event } from "../runtime/route.ts";
import type { EventFunction } from "../runtime/route.ts";
import { publishCommitted } from "../runtime/runtime.ts";
import { START, startHarness, testEvent } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { startHttp } from "../testing/http.ts";
import type { TestHttp } from "../testing/http.ts";
import { findPubSubEmulator, PUBSUB_EMULATOR_MISSING, startPubSubEmulator } from "../testing/pubsub-emulator.ts";
import type { PubSubEmulator } from "../testing/pubsub-emulator.ts";
import { pubSubProject } from "../testing/pubsub-rest.ts";
import type { PubSubProject } from "../testing/pubsub-rest.ts";
import { createPubSubBus, topicName } from "./pubsub.ts";
import { MOST_ATTEMPTS } from "./retries.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const events = () => harness.deps.store.platform.events;
const ingested = (seq: number) => testEvent("metrics.ingested", harness.org, { seq, n: 1, from: 0, to: 0 });
const pending = async () => (await events().pending({ after: 0, limit: 100 })).map((row) => row.event);
const busAt = (emulatorHost: string, project: string): Bus =>
  createPubSubBus({ project, emulatorHost, events: events(), clock: harness.clock, request: operatorRequest });

describe("without an emulator", () => {
  const requests: { url: string; headers: OperatorCall["headers"]; messages: { data: string; attributes: object }[] }[] = [];
  let answers: (url: string) => { status: number; body: string };
  let bus: Bus;
  beforeEach(() => {
    requests.length = 0;
    let tokens = 0;
    answers = (url) =>
      url.includes("metadata.google.internal")
        ? { status: 200, body: JSON.stringify({ access_token: `token ${(tokens += 1)}`, expires_in: 3_600, token_type: "Bearer" }) }
        : { status: 200, body: JSON.stringify({ messageIds: [] }) };
    bus = createPubSubBus({
      project: "prod",
      events: events(),
      clock: harness.clock,
      request: async (url, { method, headers, body }) => {
        const { messages } = (method === "POST" ? JSON.parse(body!) : { messages: [] }) as { messages: never[] };
        requests.push({ url, headers, messages });
        return answers(url);
      },
    });
  });

  const published = () => requests.filter(({ url }) => url.endsWith(":publish"));

  test("an event is published to the topic of its type with the service account's token, which is asked for again before it ends", async () => {
    await bus.publish([ingested(1)]);
    await bus.publish([ingested(2)]);
    harness.clock.advance(3_600_000 - 60_000);
    await bus.publish([ingested(3)]);
    expect(requests[0]).toMatchObject({
      url: "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token",
    });
    expect(requests[0]!.headers["Metadata-Flavor"]).toBe("Google");
    expect(published()[0]!.url).toBe("https://pubsub.googleapis.com/v1/projects/prod/topics/intentvision-metrics:publish");
    expect(published().map(({ headers }) => headers["Authorization"])).toEqual(["Bearer token 1", "Bearer token 1", "Bearer token 2"]);
    const [message] = published()[0]!.messages;
    expect(JSON.parse(Buffer.from(message!.data, "base64").toString())).toEqual(ingested(1));
    expect(message!.attributes).toEqual({ type: "metrics.ingested", org: harness.org });
  });

  test("a token that is refused is not used again", async () => {
    const working = answers;
    answers = (url) => (url.endsWith(":publish") ? { status: 401, body: "" } : working(url));
    await expect(bus.publish([ingested(1)])).rejects.toMatchObject({ name: "Unavailable" });
    answers = working;
    await bus.publish([ingested(1)]);
    expect(published().map(({ headers }) => headers["Authorization"])).toEqual(["Bearer token 1", "Bearer token 2"]);
  });

  test("a topic that fails holds up no other, and only its events stay in the outbox", async () => {
    const working = answers;
    answers = (url) => (url.includes("intentvision-metrics") ? { status: 404, body: "" } : working(url));
    const tick = testEvent("tick.minute", null, {});
    for (const one of [ingested(1), tick]) await events().enqueue(one);
    await expect(bus.publish([ingested(1), tick])).rejects.toMatchObject({ name: "Unavailable", retryable: true });
    expect(await pending()).toEqual([ingested(1)]);
  });

  test("no request has more messages than Pub/Sub takes", async () => {
    await bus.publish(Array.from({ length: 2_300 }, (_, seq) => ingested(seq)));
    expect(published().map(({ messages }) => messages.length)).toEqual([1_000, 1_000, 300]);
  });

  test("of what is redelivered a topic that fails holds up no other, and its failures stay due", async () => {
    const working = answers;
    answers = (url) => (url.includes("intentvision-metrics") ? { status: 404, body: "" } : working(url));
    const failure = { error: "no", nextAttemptAt: START, deadAt: null, at: START };
    for (const event of [ingested(1), testEvent("tick.minute", null, {}), ingested(2)]) {
      await events().recordFailure({ ...failure, consumer: "detect", event });
    }
    const due = await events().failuresDue(START, 10);
    await expect(bus.redeliver(due)).rejects.toMatchObject({ name: "Unavailable", retryable: true });
    expect((await events().failuresDue(START, 10)).map(({ event }) => event)).toEqual([ingested(1), ingested(2)]);
  });

  test("an event that fails for the last time while it is redelivered stays as a dead letter", async () => {
    const failure = { consumer: "detect", event: ingested(1), error: "no", nextAttemptAt: START, deadAt: null, at: START };
    for (let attempt = 1; attempt < MOST_ATTEMPTS; attempt++) await events().recordFailure(failure);
    const due = await events().failuresDue(START, 10);
    // The consumer fails before the failure is taken out.
    await events().recordFailure({ ...failure, deadAt: START });
    await bus.redeliver(due);
    expect(published().length).toBe(1);
    expect((await events().listDead({ limit: 10 })).items).toMatchObject([{ eventId: ingested(1).id, attempts: MOST_ATTEMPTS }]);
  });
});

const emulatorHere = findPubSubEmulator() !== null;
if (!emulatorHere) process.stdout.write(`${PUBSUB_EMULATOR_MISSING}\n`);

(emulatorHere ? describe : describe.skip)("over Google's emulator", () => {
  let emulator: PubSubEmulator;
  let project: PubSubProject;
  let projectId: string;
  let projects = 0;
  let bus: Bus;
  let http: TestHttp;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    emulator = await startPubSubEmulator();
  }, 40_000);
  afterAll(() => emulator.stop());
  beforeEach(async () => {
    projectId = `project-${(projects += 1)}`;
    project = pubSubProject(emulator.host, projectId);
    for (const topic of ["metrics", "ticks"] as const) await project.createTopic(topicName(topic));
    bus = busAt(emulator.host, projectId);
    http = startHttp(harness, { bus });
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  /** A function as it is deployed, behind a push subscription for each topic. `answered` waits for so many answers and returns their statuses. */
  async function subscribe(name: string, definition: EventFunction, topics: readonly ("metrics" | "ticks")[]) {
    const refusals: unknown[] = [];
    const { server, close } = frameworkServer(name, handlerOf(name, definition, http.runtime), {
      onError: (error) => refusals.push(error),
    });
    const statuses: number[] = [];
    const answers = new EventEmitter();
    server.on("request", (_request, response) => {
      response.on("finish", () => {
        statuses.push(response.statusCode);
        answers.emit("answer");
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ends.push(() => close(0));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    for (const topic of topics)
      await project.createPushSubscription({ subscription: `${name}-${topic}`, topic: topicName(topic), endpoint });
    return async (count: number): Promise<readonly number[]> => {
      while (statuses.length < count) await once(answers, "answer");
      return statuses;
    };
  }

  /** A consumer that notes what it sees, and fails on the first so many deliveries. */
  function noting(deduplicate: "effect" | "event-id", failures = 0) {
    const seen: Event[] = [];
    let left = failures;
    const note = async (_of: unknown, context: { event: Event }) => {
      if ((left -= 1) >= 0) throw new Error("not yet");
      seen.push(context.event);
    };
    return { seen, consumer: event({ consumer: "noting", deduplicate, on: { "metrics.ingested": note, "tick.minute": note } }) };
  }

  const commit = async (...all: Event[]) => {
    for (const one of all) await events().enqueue(one);
    await publishCommitted(http.runtime, all);
  };

  test("what was committed is published, marked and seen by the consumer as it was", async () => {
    const { seen, consumer } = noting("effect");
    const answered = await subscribe("sees", consumer, ["metrics"]);
    await commit(ingested(1), ingested(2), ingested(3));
    expect(await answered(3)).toEqual([204, 204, 204]);
    const bySeq = (a: Event, b: Event) => (a.data as { seq: number }).seq - (b.data as { seq: number }).seq;
    expect(seen.toSorted(bySeq)).toEqual([ingested(1), ingested(2), ingested(3)]);
    expect(await pending()).toEqual([]);
  });

  test("an event that is published twice is worked off once by a consumer that goes by its id", async () => {
    const { seen, consumer } = noting("event-id");
    const answered = await subscribe("once", consumer, ["metrics"]);
    await commit(ingested(1));
    await answered(1);
    await bus.publish([ingested(1)]);
    expect(await answered(2)).toEqual([204, 204]);
    expect(seen.length).toBe(1);
  });

  test("a type that a consumer does not want is acknowledged", async () => {
    const consumer = event({
      consumer: "other",
      deduplicate: "effect",
      on: { "alert.changed": async () => Promise.reject(new Error("no")) },
    });
    const answered = await subscribe("unwanted", consumer, ["metrics"]);
    await commit(ingested(1));
    expect(await answered(1)).toEqual([204]);
  });

  test("what Cloud Scheduler publishes is a tick, with the message's id in its own", async () => {
    const { seen, consumer } = noting("event-id");
    const answered = await subscribe("ticks", consumer, ["ticks"]);
    const [id] = await project.publish(topicName("ticks"), [{ data: Buffer.from('{"type":"tick.minute"}').toString("base64") }]);
    expect(await answered(1)).toEqual([204]);
    expect(seen).toEqual([{ id: `tick.minute:${id!}`, type: "tick.minute", org: null, at: START, traceparent: null, data: {} }]);
  });

  test("a consumer that fails twice gets the event again, and nothing is left of its failures", async () => {
    const { seen, consumer } = noting("effect", 2);
    const answered = await subscribe("twice", consumer, ["metrics"]);
    await commit(ingested(1));
    expect(await answered(3)).toEqual([500, 500, 204]);
    expect(seen).toEqual([ingested(1)]);
    expect(await events().failure("noting", ingested(1).id)).toBeNull();
    expect(await events().failuresDue(START * 2, 10)).toEqual([]);
  }, 20_000);

  test("an event that fails for the last time is a dead letter, acknowledged, and delivered again when it is revived", async () => {
    const failure = { consumer: "noting", event: ingested(1), error: "no", nextAttemptAt: START, deadAt: null, at: START };
    for (let attempt = 1; attempt <= MOST_ATTEMPTS - 2; attempt++) await events().recordFailure(failure);
    const { seen, consumer } = noting("effect", 2);
    const answered = await subscribe("dies", consumer, ["metrics"]);
    await commit(ingested(1));
    expect(await answered(2)).toEqual([500, 204]);
    expect(seen).toEqual([]);
    const { items } = await events().listDead({ limit: 10 });
    expect(items).toMatchObject([{ consumer: "noting", eventId: ingested(1).id, error: "not yet", attempts: MOST_ATTEMPTS }]);

    await events().revive(items[0]!.id, harness.clock.now());
    await sweepOutbox({ event: testEvent("tick.minute", null, {}), now: harness.clock.now() }, { ...harness.deps, bus });
    expect(await answered(3)).toEqual([500, 204, 204]);
    expect(seen).toEqual([ingested(1)]);
    expect((await events().listDead({ limit: 10 })).items).toEqual([]);
    expect(await events().failure("noting", ingested(1).id)).toBeNull();
  }, 20_000);

  test("while the bus is down events stay in the outbox and nothing fails; a later sweep publishes them, once", async () => {
    const { seen, consumer } = noting("effect");
    const answered = await subscribe("later", consumer, ["metrics"]);
    const down = startHttp(harness, { bus: busAt("127.0.0.1:1", projectId) });
    for (const one of [ingested(1), ingested(2)]) await events().enqueue(one);
    await publishCommitted(down.runtime, [ingested(1), ingested(2)]);
    expect(down.logged.map(({ message }) => message)).toEqual(["Events stay in the outbox: publishing failed"]);
    expect(await pending()).toEqual([ingested(1), ingested(2)]);

    harness.clock.advance(5_001);
    for (let sweep = 1; sweep <= 2; sweep++) {
      await sweepOutbox({ event: testEvent("tick.minute", null, {}), now: harness.clock.now() }, { ...harness.deps, bus });
    }
    expect(await pending()).toEqual([]);
    await commit(ingested(3));
    expect(await answered(3)).toEqual([204, 204, 204]);
    expect(new Set(seen.map(({ id }) => id))).toEqual(new Set([ingested(1).id, ingested(2).id, ingested(3).id]));
  });
});
