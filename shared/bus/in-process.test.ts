import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Event } from "../contract/events.ts";
import { START, startHarness, testEvent } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { createInProcessBus } from "./in-process.ts";
import type { InProcessBus, Subscriber } from "./in-process.ts";
import { backoffMs, MOST_ATTEMPTS } from "./retries.ts";

let harness: Harness;
let bus: InProcessBus | undefined;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(async () => {
  await bus?.stop();
  harness.close();
});

const store = () => harness.deps.store.platform.events;

function startBus(subscribers: Subscriber[]): InProcessBus {
  bus = createInProcessBus({
    events: store(),
    subscribers,
    clock: harness.clock,
    onError: (error) => {
      throw error;
    },
  });
  bus.start();
  return bus;
}

const recorder = (consumer: string, seen: Event[], fail: (event: Event) => boolean = () => false): Subscriber => ({
  consumer,
  topics: ["metrics"],
  async deliver(event) {
    if (fail(event)) throw new Error("no");
    seen.push(event);
  },
});

const ingested = (seq: number) => testEvent("metrics.ingested", harness.org, { seq, n: 1, from: 0, to: 0 });

test("an event in the outbox reaches each subscriber of its topic, in order, and is published then", async () => {
  const [a, b, other]: Event[][] = [[], [], []];
  for (let seq = 1; seq <= 450; seq++) await store().enqueue(ingested(seq));
  const running = startBus([recorder("a", a!), recorder("b", b!), { ...recorder("c", other!), topics: ["alerts"] }]);
  await running.settled();
  expect(a!.map(({ data }) => (data as { seq: number }).seq)).toEqual(Array.from({ length: 450 }, (_, row) => row + 1));
  expect(b).toEqual(a);
  expect(other).toEqual([]);
  expect(await store().pending({ after: 0, limit: 1 })).toEqual([]);
});

test("a subscriber that fails gets the event again after a wait, and nobody else does", async () => {
  const [good, bad]: Event[][] = [[], []];
  let failures = 2;
  await store().enqueue(ingested(1));
  const running = startBus([recorder("good", good!), recorder("bad", bad!, () => failures-- > 0)]);
  await running.settled();
  expect([good!.length, bad!.length]).toEqual([1, 0]);
  expect(await store().failuresDue(START + backoffMs(1) - 1, 10)).toEqual([]);

  await bus!.stop();
  for (let attempts = 1; attempts <= 2; attempts++) {
    harness.clock.advance(backoffMs(attempts));
    const again = startBus([recorder("good", good!), recorder("bad", bad!, () => failures-- > 0)]);
    await again.settled();
    await again.stop();
  }
  expect([good!.length, bad!.length]).toEqual([1, 1]);
  expect(await store().failuresDue(START * 2, 10)).toEqual([]);
});

test("an event that keeps failing becomes a dead letter, and is delivered again when an operator revives it", async () => {
  const seen: Event[] = [];
  let broken = true;
  await store().enqueue(ingested(1));
  for (let attempts = 1; attempts <= MOST_ATTEMPTS; attempts++) {
    const running = startBus([recorder("bad", seen, () => broken)]);
    await running.settled();
    await running.stop();
    harness.clock.advance(backoffMs(attempts));
  }
  const { items } = await store().listDead({ limit: 10 });
  expect(items).toMatchObject([{ consumer: "bad", attempts: MOST_ATTEMPTS, error: "no", type: "metrics.ingested" }]);
  broken = false;
  await store().revive(items[0]!.id, harness.clock.now());
  const running = startBus([recorder("bad", seen)]);
  await running.settled();
  await running.stop();
  expect(seen.length).toBe(1);
  expect((await store().listDead({ limit: 10 })).items).toEqual([]);
});

test("what was in work when the process died is delivered again by the next one", async () => {
  const seen: Event[] = [];
  await store().enqueue(ingested(1));
  let started!: () => void;
  const inWork = new Promise<void>((resolve) => {
    started = resolve;
  });
  let release!: () => void;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  startBus([
    {
      consumer: "a",
      topics: ["metrics"],
      deliver: () => {
        started();
        return held;
      },
    },
  ]);
  const dying = bus!;
  await inWork;
  await startBus([recorder("a", seen)]).settled();
  expect(seen.length).toBe(1);
  release();
  await dying.stop();
});
