import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Event } from "../../shared/contract/events.ts";
import type { Deps } from "../../shared/ports.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import relayHttp from "./http.ts";
import { sweepOutbox } from "./sweep.ts";
import relayTick from "./tick.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const ingested = (seq: number, at = START) => testEvent("metrics.ingested", harness.org, { seq, n: 1, from: 0, to: 0 }, at);
const tick = () => testEvent("tick.minute", null, {}, harness.clock.now());

async function sweep(): Promise<{ published: Event[]; redelivered: string[] }> {
  const [published, redelivered]: [Event[], string[]] = [[], []];
  const bus: Deps["bus"] = {
    publish: async (events) => void published.push(...events),
    redeliver: async (failed) => void redelivered.push(...failed.map(({ event }) => event.id)),
  };
  await sweepOutbox({ event: tick(), now: harness.clock.now() }, { ...harness.deps, bus });
  return { published, redelivered };
}

test("a sweep publishes each old row of the outbox once, and leaves young ones to who wrote them", async () => {
  const { events } = harness.deps.store.platform;
  for (let seq = 1; seq <= 1_200; seq++) await events.enqueue(ingested(seq));
  harness.clock.advance(5_001);
  await events.enqueue(ingested(9_999, harness.clock.now()));
  const { published } = await sweep();
  expect(published.map(({ data }) => (data as { seq: number }).seq)).toEqual(Array.from({ length: 1_200 }, (_, row) => row + 1));
});

test("what cannot be published or redelivered holds up nothing else, and has the sweep done again", async () => {
  const { events } = harness.deps.store.platform;
  for (let seq = 1; seq <= 501; seq++) await events.enqueue(ingested(seq));
  harness.clock.advance(5_001);
  const published: number[] = [];
  const bus: Deps["bus"] = {
    async publish(page) {
      if (page.length === 500) throw new Error("one of them is refused");
      published.push(page.length);
    },
    async redeliver() {
      throw new Error("one of them is refused");
    },
  };
  await expect(sweepOutbox({ event: tick(), now: harness.clock.now() }, { ...harness.deps, bus })).rejects.toThrow(
    "one of them is refused",
  );
  expect(published).toEqual([1]);
});

test("a sweep redelivers what a consumer failed on, once it is due", async () => {
  const { events } = harness.deps.store.platform;
  const event = ingested(1);
  await events.recordFailure({ consumer: "detect", event, error: "no", nextAttemptAt: START + 10, deadAt: null, at: START });
  expect((await sweep()).redelivered).toEqual([]);
  harness.clock.advance(10);
  expect((await sweep()).redelivered).toEqual([event.id]);
});

test("the hour's tick forgets what was published eight days ago, and keeps what was not", async () => {
  const { events } = harness.deps.store.platform;
  await events.enqueue(ingested(1));
  await events.enqueue(ingested(2));
  await events.markPublished([ingested(1).id], START);
  await events.markProcessed("notify", ingested(1).id, START);
  harness.clock.advance(8 * 86_400_000 + 1);
  await harness.deliver(relayTick, testEvent("tick.hour", null, {}, harness.clock.now()));
  const left = await harness.database.read("SELECT seq FROM outbox", {});
  expect(left.length).toBe(1);
  expect(await events.wasProcessed("notify", ingested(1).id)).toBe(false);
});

test("an operator lists, replays and drops dead events; a tenant does not see them", async () => {
  const server = startHttp(harness);
  const platform = await server.keyOf(null, ["platform"]);
  const tenant = await server.keyOf(harness.org, ["*"]);
  const { events } = harness.deps.store.platform;
  for (const seq of [1, 2]) {
    await events.recordFailure({ consumer: "detect", event: ingested(seq), error: "no", nextAttemptAt: START, deadAt: START, at: START });
  }
  const list = () => server.request(relayHttp, "GET", "/api/v1/event-dead-letters", { key: platform });
  expect((await server.request(relayHttp, "GET", "/api/v1/event-dead-letters", { key: tenant })).status).toBe(403);
  const [first, second] = ((await list()).body as { items: { id: string }[] }).items;
  expect((await server.request(relayHttp, "POST", `/api/v1/event-dead-letters/${first!.id}/replay`, { key: platform })).status).toBe(204);
  expect((await server.request(relayHttp, "DELETE", `/api/v1/event-dead-letters/${second!.id}`, { key: platform })).status).toBe(204);
  expect((await list()).body).toEqual({ items: [], nextCursor: null });
  expect((await sweep()).redelivered.length).toBe(1);
  expect((await server.request(relayHttp, "DELETE", `/api/v1/event-dead-letters/${second!.id}`, { key: platform })).status).toBe(404);
});
