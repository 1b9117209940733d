import { afterEach, describe, expect, test } from "@jest/globals";
import { createGuardedFetch } from "../net/guarded-fetch.ts";
import { newWebhookSecret, signWebhook } from "../core/message/webhook-signature.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";
import type { WebhookReceiver } from "./webhook-receiver.ts";

const NOW = Date.UTC(2026, 10, 20, 10);
const SECRET = newWebhookSecret(new Uint8Array(32).fill(1));
const OTHER_SECRET = newWebhookSecret(new Uint8Array(32).fill(2));

let receiver: WebhookReceiver;
afterEach(() => receiver.stop());

interface Sent {
  readonly id?: string;
  readonly atMs?: number;
  readonly secrets?: readonly string[];
  readonly body?: string;
  readonly sentBody?: string;
}

function send({ id = "dlv_1", atMs = NOW, secrets = [SECRET], body = '{"type":"test"}', sentBody = body }: Sent = {}) {
  const headers = { ...signWebhook({ id, timestamp: Math.floor(atMs / 1000), body, secrets }), "content-type": "application/json" };
  return createGuardedFetch({ allow: [receiver.host] })(receiver.url, { method: "POST", headers, body: sentBody });
}

const signed = async () => {
  receiver = await startWebhookReceiver({ secret: SECRET, now: () => NOW });
};

describe("a receiver that knows the secret", () => {
  test("takes a signed webhook and records it whole", async () => {
    await signed();
    await expect(send()).resolves.toMatchObject({ status: 204 });
    expect(receiver.requests()).toEqual([
      {
        method: "POST",
        path: new URL(receiver.url).pathname,
        headers: expect.objectContaining({ "content-type": "application/json", "webhook-id": "dlv_1", host: receiver.host }),
        body: '{"type":"test"}',
        at: NOW,
        id: "dlv_1",
        signature: "valid",
        taken: true,
        earlier: 0,
      },
    ]);
  });

  test.each<[string, Sent, string]>([
    ["another secret", { secrets: [OTHER_SECRET] }, "invalid"],
    ["another body", { sentBody: "{}" }, "invalid"],
    ["a timestamp of six minutes ago", { atMs: NOW - 360_000 }, "stale"],
    ["a timestamp in six minutes", { atMs: NOW + 360_000 }, "stale"],
  ])("refuses a webhook signed with %s", async (_what, sent, signature) => {
    await signed();
    await expect(send(sent)).resolves.toMatchObject({ status: 401, body: `signature ${signature}` });
    expect(receiver.requests()).toMatchObject([{ signature, taken: false }]);
    expect(receiver.messages()).toEqual([]);
  });

  test("refuses a webhook without a signature", async () => {
    await signed();
    const answer = await createGuardedFetch({ allow: [receiver.host] })(receiver.url, { method: "POST", body: "{}" });
    expect(answer.status).toBe(401);
    expect(receiver.requests()).toMatchObject([{ id: null, signature: "missing" }]);
  });

  test("takes one of two signatures", async () => {
    await signed();
    await expect(send({ secrets: [OTHER_SECRET, SECRET] })).resolves.toMatchObject({ status: 204 });
  });
});

describe("a message that comes again", () => {
  test("is a duplicate when it had been taken, whether its sender heard so or not", async () => {
    await signed();
    receiver.answerNext({ sender: "cut" });
    await expect(send()).rejects.toMatchObject({ kind: "network" });
    await send();
    await send({ id: "dlv_2" });
    expect(receiver.duplicates()).toBe(1);
    expect(receiver.messages().map(({ id }) => id)).toEqual(["dlv_1", "dlv_2"]);
    expect(receiver.requests()).toHaveLength(3);
  });

  test("is no duplicate when it had been refused", async () => {
    await signed();
    receiver.answerNext({ status: 500 });
    receiver.answerNext({ status: 503, sender: "cut" });
    await send();
    await expect(send()).rejects.toMatchObject({ kind: "network" });
    await send();
    expect(receiver.duplicates()).toBe(0);
    expect(receiver.requests().map(({ taken }) => taken)).toEqual([false, false, true]);
  });
});

describe("a receiver answers as it is told", () => {
  test("with statuses, headers and bodies for the next requests, and then by its own judgement", async () => {
    receiver = await startWebhookReceiver();
    receiver.answerNext({ status: 429, headers: { "retry-after": "7" }, body: "slow down" }, 2);
    receiver.answerNext({ status: 410, delayMs: 1 });
    for (let i = 0; i < 2; i += 1) {
      await expect(send()).resolves.toMatchObject({ status: 429, headers: { "retry-after": "7" }, body: "slow down" });
    }
    await expect(send()).resolves.toMatchObject({ status: 410 });
    await expect(send()).resolves.toMatchObject({ status: 204 });
    expect(receiver.requests().map(({ signature }) => signature)).toEqual(Array(4).fill("unchecked"));
  });

  test("with nothing, until it stops", async () => {
    receiver = await startWebhookReceiver();
    receiver.answerNext({ sender: "hang" });
    const outcome = send().catch((error: unknown) => error);
    await receiver.received(1);
    await receiver.stop();
    await expect(outcome).resolves.toMatchObject({ kind: "network" });
    expect(receiver.connections()).toBe(1);
  });
});
