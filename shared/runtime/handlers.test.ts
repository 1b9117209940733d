import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { MOST_ATTEMPTS } from "../bus/retries.ts";
import { Unavailable } from "../contract/problem.ts";
import { START, startHarness, testEvent } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { startHttp } from "../testing/http.ts";
import { frameworkServer } from "./entry.ts";
import type { Close } from "./entry.ts";
import { handlerOf } from "./handlers.ts";
import { event } from "./route.ts";

let harness: Harness;
let url: string;
let close: Close;
/** What the next deliveries throw; null for one that succeeds, as they all do when none is left. */
const outcomes: (Error | null)[] = [];
let seen = 0;

beforeEach(async () => {
  harness = await startHarness();
  outcomes.length = 0;
  seen = 0;
  const consumer = event({
    consumer: "pushed",
    deduplicate: "event-id",
    on: {
      "metrics.ingested": async () => {
        const outcome = outcomes.shift() ?? null;
        if (outcome !== null) throw outcome;
        seen += 1;
      },
    },
  });
  const started = frameworkServer("pushed", handlerOf("pushed", consumer, startHttp(harness).runtime), { onError: () => {} });
  close = started.close;
  started.server.listen(0, "127.0.0.1");
  await once(started.server, "listening");
  url = `http://127.0.0.1:${(started.server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  await close(0);
  harness.close();
});

const events = () => harness.deps.store.platform.events;
const ingested = () => testEvent("metrics.ingested", harness.org, { seq: 1, n: 1, from: 0, to: 0 });

async function push(content: unknown): Promise<number> {
  const message = { data: Buffer.from(JSON.stringify(content)).toString("base64"), messageId: "7" };
  const body = JSON.stringify({ message, subscription: "projects/p/subscriptions/s" });
  const { status } = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  return status;
}

test("an event that is pushed again after it was worked off is acknowledged and not worked off again", async () => {
  expect([await push(ingested()), await push(ingested())]).toEqual([204, 204]);
  expect(seen).toBe(1);
});

test("a failure asks for a redelivery and is recorded for the relay; a later success removes the record", async () => {
  outcomes.push(new Error("a bug"), new Unavailable("The database does not answer", { retryable: true }));
  expect([await push(ingested()), await push(ingested())]).toEqual([500, 503]);
  expect(await events().failure("pushed", ingested().id)).toMatchObject({ attempts: 2 });
  expect(await events().failuresDue(START + 3_600_000, 10)).toMatchObject([{ event: ingested(), attempts: 2 }]);
  expect(await push(ingested())).toBe(204);
  expect(await events().failure("pushed", ingested().id)).toBeNull();
  expect(seen).toBe(1);
});

test("the last failure makes a dead letter, and is acknowledged so that it does not come again", async () => {
  outcomes.push(...Array.from({ length: MOST_ATTEMPTS }, (_, attempt) => new Error(`no ${attempt + 1}`)));
  const statuses: number[] = [];
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) statuses.push(await push(ingested()));
  expect(statuses).toEqual([...Array<number>(MOST_ATTEMPTS - 1).fill(500), 204]);
  expect((await events().listDead({ limit: 10 })).items).toMatchObject([{ consumer: "pushed", error: "no 10", attempts: 10 }]);
  expect(await events().failuresDue(START * 2, 10)).toEqual([]);
});

test("what is no event of ours is refused and reaches no consumer", async () => {
  expect(await push({ type: "something.else" })).toBe(400);
  expect(seen).toBe(0);
});

test("a type that the consumer does not want is acknowledged", async () => {
  expect(await push(testEvent("tick.minute", null, {}))).toBe(204);
});
