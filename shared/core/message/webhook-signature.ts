import { createHmac } from "node:crypto";

/** The headers of a signed webhook. */
export interface WebhookHeaders {
  readonly "webhook-id": string;
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
}

const PREFIX = "whsec_";
const MIN_KEY_BYTES = 24;
const MAX_KEY_BYTES = 64;

/**
 * Signs a webhook as Standard Webhooks wants it: HMAC-SHA256 over `id.timestamp.body`, one signature a secret.
 *
 * @param message.id - The same for every attempt at one message. No dot, which is what separates the signed parts.
 * @param message.timestamp - Of this attempt, Unix s.
 * @param message.body - Exactly as it is sent.
 * @param message.secrets - `whsec_...`; two during a rotation, newest first.
 * @throws Error when the id, the timestamp or a secret is malformed; it never quotes a secret.
 * @see Standard Webhooks 1.0.0, "Signature scheme"
 */
export function signWebhook(message: {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
  readonly secrets: readonly string[];
}): WebhookHeaders {
  const { id, timestamp, body, secrets } = message;
  if (id === "" || id.includes(".")) throw new Error(`A webhook's id may not be empty nor have a dot: ${id}`);
  if (!Number.isSafeInteger(timestamp)) throw new Error(`A webhook's timestamp is in whole seconds: ${timestamp}`);
  if (secrets.length === 0) throw new Error("A webhook cannot be signed without a secret");

  const signatures = secrets.map((secret) => createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest("base64"));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.map((signature) => `v1,${signature}`).join(" "),
  };
}

/** A secret made of unpredictable bytes, 24 to 64 of them. */
export function newWebhookSecret(random: Uint8Array): string {
  return PREFIX + Buffer.from(checkedKey(random)).toString("base64");
}

function keyOf(secret: string): Uint8Array {
  if (!secret.startsWith(PREFIX)) throw new Error(`A webhook's secret starts with ${PREFIX}`);
  return checkedKey(Buffer.from(secret.slice(PREFIX.length), "base64"));
}

function checkedKey(key: Uint8Array): Uint8Array {
  if (key.length < MIN_KEY_BYTES || key.length > MAX_KEY_BYTES) {
    throw new Error(`A webhook's secret has ${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} bytes, not ${key.length}`);
  }
  return key;
}
