import { classifyResponse } from "../core/alert/retry.ts";
import type { GuardedFetch } from "../ports.ts";
import type { MailAnswer, MailMessage, MailProvider } from "../ports/mail.ts";
import { MACHINE_MADE, threadOf } from "./mail-headers.ts";

/** Where Resend is, unless the operator says otherwise. */
export const RESEND_URL = "https://api.resend.com";

/**
 * Hands a message to Resend. The message's id is the idempotency key: what Resend has taken under it within a day is not sent again.
 *
 * @throws what `fetch` throws where there is no answer.
 * @see https://resend.com/docs/api-reference/emails/send-email and https://resend.com/docs/dashboard/emails/idempotency-keys
 */
export async function sendByResend(
  message: MailMessage,
  { apiKey, from }: MailProvider,
  { url, fetch, timeoutMs }: { readonly url: string; readonly fetch: GuardedFetch; readonly timeoutMs: number },
): Promise<MailAnswer> {
  const { to, subject, text, html, images } = message;
  const { inReplyTo, references } = threadOf(message, from);
  const attachments = images.map(({ cid, filename, contentType, content }) => ({
    filename,
    content: Buffer.from(content).toString("base64"),
    content_type: contentType,
    content_id: cid,
  }));
  const thread = inReplyTo === undefined ? {} : { "In-Reply-To": inReplyTo, References: references.join(" ") };
  const { status, headers, body } = await fetch(`${url}/emails`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${apiKey}`,
      "Content-Type": "application/json",
      "Idempotency-Key": message.id,
      // Whoever names no client is refused.
      "User-Agent": "IntentVision",
    },
    body: JSON.stringify({
      from,
      to,
      subject: subject.replaceAll(/[\r\n]+/g, " "),
      text,
      html,
      headers: { ...MACHINE_MADE, ...thread },
      ...(attachments.length === 0 ? {} : { attachments }),
    }),
    timeoutMs,
  });
  const outcome = outcomeOf(status, body);
  return {
    outcome,
    status,
    error: outcome === "delivered" ? null : `Resend answered ${status}${nameIn(body)}`,
    retryAfter: headers["retry-after"],
    answer: body,
  };
}

function outcomeOf(status: number, body: string): MailAnswer["outcome"] {
  // An attempt before was taken, whose chart was another: the key is that of a message that was sent.
  if (status === 409 && errorIn(body) === "invalid_idempotent_request") return "delivered";
  if (status === 409 && errorIn(body) === "concurrent_idempotent_requests") return "retry";
  return classifyResponse("email", status, body);
}

const nameIn = (body: string): string => (errorIn(body) === null ? "" : `: ${errorIn(body)}`);

/** The name of an error in Resend's own words; null where there is none. */
function errorIn(body: string): string | null {
  const name = /"name"\s*:\s*"([a-z_]{1,60})"/.exec(body)?.[1];
  return name ?? null;
}
