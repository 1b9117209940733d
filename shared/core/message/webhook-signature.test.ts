import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import * as v from "valibot";
import { ChannelDefinition } from "../../contract/channel.ts";
import { newWebhookSecret, signWebhook } from "./webhook-signature.ts";

const key = fc.uint8Array({ minLength: 24, maxLength: 64 });
/** The library checks timestamps against the system's clock. */
const nowS = () => Math.floor(Date.now() / 1000);

test("the standard's own vector is reproduced", () => {
  // From the tests of the reference libraries, https://github.com/standard-webhooks/standard-webhooks
  const headers = signWebhook({
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: 1_614_265_330,
    body: '{"test": 2432232314}',
    secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
  });
  expect(headers).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test("whatever is signed is accepted by the standard's own library, and by it only with the same secret and body", () => {
  fc.assert(
    fc.property(key, key, fc.string({ unit: "grapheme" }), (bytes, otherBytes, body) => {
      fc.pre(Buffer.compare(bytes, otherBytes) !== 0);
      const secret = newWebhookSecret(bytes);
      const headers = signWebhook({ id: "dlv_1", timestamp: nowS(), body, secrets: [secret] });
      const verify = (by: string, text: string) => new Webhook(by).verify(text, { ...headers }, { jsonParse: false });
      verify(secret, body);
      expect(() => verify(newWebhookSecret(otherBytes), body)).toThrow(WebhookVerificationError);
      expect(() => verify(secret, `${body} `)).toThrow(WebhookVerificationError);
    }),
  );
});

test("during a rotation, holders of either secret accept", () => {
  const secrets = [newWebhookSecret(new Uint8Array(32).fill(1)), newWebhookSecret(new Uint8Array(32).fill(2))];
  const headers = signWebhook({ id: "dlv_1", timestamp: nowS(), body: "{}", secrets });
  expect(headers["webhook-signature"]).toMatch(/^v1,\S+ v1,\S+$/);
  for (const secret of secrets) expect(new Webhook(secret).verify("{}", { ...headers })).toEqual({});
});

test("a new secret holds all bytes that it was made of", () => {
  expect(newWebhookSecret(Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64"))).toBe("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
});

describe("what would not be accepted is not signed", () => {
  const good = { id: "dlv_1", timestamp: 1, body: "", secrets: [newWebhookSecret(new Uint8Array(32))] };
  test.each([
    ["an id with a dot", { id: "dlv.1" }],
    ["an empty id", { id: "" }],
    ["a time within a second", { timestamp: 1.5 }],
    ["no secret", { secrets: [] }],
    ["a secret without its prefix", { secrets: ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] }],
    ["a short secret", { secrets: ["whsec_aHVudGVyMg=="] }],
  ])("%s", (_what, bad) => {
    let message = "";
    try {
      signWebhook({ ...good, ...bad });
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(/^A webhook/);
    expect(message).not.toContain("aHVudGVyMg");
  });

  test.each([0, 23, 65])("a new secret of %i bytes", (length) => {
    expect(() => newWebhookSecret(new Uint8Array(length))).toThrow("24 to 64 bytes");
  });
});

test.each([
  [23, false],
  [24, true],
  [25, true],
  [26, true],
  [62, true],
  [64, true],
  [65, false],
  [66, false],
])("a secret of %i bytes is taken by the interface just when it can be signed with (%s)", (bytes, fits) => {
  const padded = `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;
  for (const secret of [padded, padded.replace(/=+$/, "")]) {
    const channel = { name: "hook", kind: "webhook", config: { url: "https://example.com", secret } };
    const signed = () => signWebhook({ id: "msg_1", timestamp: 1, body: "", secrets: [secret] })["webhook-signature"];
    expect(v.is(ChannelDefinition, channel)).toBe(fits);
    if (fits) expect(signed()).toMatch(/^v1,/);
    else expect(signed).toThrow("24 to 64 bytes");
  }
});
