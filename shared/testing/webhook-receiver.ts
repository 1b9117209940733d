import { Webhook } from "standardwebhooks";
import { isTaken, startHttpReceiver } from "./http-receiver.ts";
import type { HttpReceiver, ReceivedRequest } from "./http-receiver.ts";

interface ReceivedWebhook extends ReceivedRequest {
  /** From `webhook-id`. */
  readonly id: string | null;
  /** `unchecked` where the receiver knows no secret. */
  readonly signature: "valid" | "invalid" | "stale" | "missing" | "unchecked";
  /** Whether it was answered 2xx, and how often its id had been taken before. */
  readonly taken: boolean;
  readonly earlier: number;
}

export interface WebhookReceiver extends HttpReceiver {
  /** Every request, in the order of arrival. */
  requests(): readonly ReceivedWebhook[];
  /** What a consumer that deduplicates by `webhook-id` acts on: the first request taken of each id. */
  messages(): readonly ReceivedWebhook[];
  /** Requests taken although their id had been taken before. */
  duplicates(): number;
}

/** @see Standard Webhooks 1.0.0, "Verifying webhook authenticity" */
const TOLERANCE_S = 300;

/**
 * Starts a receiver of Standard Webhooks: it checks signatures with the standard's own library, refuses bad ones with 401, and
 * deduplicates by id.
 *
 * @param options.secret - `whsec_...`; without it, nothing is checked.
 * @param options.now - The clock that timestamps are checked against. Default: the system's.
 */
export async function startWebhookReceiver(
  options: { readonly secret?: string; readonly now?: () => number } = {},
): Promise<WebhookReceiver> {
  const { secret, now = Date.now } = options;
  const requests: ReceivedWebhook[] = [];
  const takenIds = new Map<string, number>();

  const receiver = await startHttpReceiver(
    (request, told) => {
      const signature = secret === undefined ? "unchecked" : checkSignature(request, secret);
      const isTrusted = signature === "valid" || signature === "unchecked";
      const answer = told ?? (isTrusted ? { status: 204 } : { status: 401, body: `signature ${signature}` });
      const id = request.headers["webhook-id"] ?? null;
      const taken = isTaken(answer);
      const earlier = id === null ? 0 : (takenIds.get(id) ?? 0);
      if (taken && id !== null) takenIds.set(id, earlier + 1);
      requests.push({ ...request, id, signature, taken, earlier });
      return answer;
    },
    "/hooks/7f3a9c",
    now,
  );
  return {
    ...receiver,
    requests: () => requests,
    messages: () => requests.filter(({ taken, earlier }) => taken && earlier === 0),
    duplicates: () => requests.filter(({ taken, earlier }) => taken && earlier > 0).length,
  };
}

function checkSignature({ headers, body, at }: ReceivedRequest, secret: string): ReceivedWebhook["signature"] {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = headers;
  if (id === undefined || timestamp === undefined || signatures === undefined) return "missing";
  if (!/^\d{1,12}$/.test(timestamp)) return "invalid";
  const expected = new Webhook(secret).sign(id, new Date(Number(timestamp) * 1000), body);
  if (!signatures.split(" ").includes(expected)) return "invalid";
  return Math.abs(at / 1000 - Number(timestamp)) > TOLERANCE_S ? "stale" : "valid";
}
