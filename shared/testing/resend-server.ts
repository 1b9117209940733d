import { createHash } from "node:crypto";
import * as v from "valibot";
import { canonicalJson } from "../core/hash-id.ts";
import { isTaken, startHttpReceiver } from "./http-receiver.ts";
import type { Answer, HttpReceiver, ReceivedRequest } from "./http-receiver.ts";

export interface ResendEmail {
  readonly id: string;
  readonly key: string | null;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly html?: string | undefined;
  readonly text?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly attachments?: readonly {
    readonly filename: string;
    readonly content: string;
    readonly content_type?: string;
    readonly content_id?: string;
  }[];
}

export interface ResendServer extends HttpReceiver {
  /** Without a path: `/emails` is below it. */
  readonly base: string;
  /** What was sent to people, oldest first. */
  emails(): readonly ResendEmail[];
  /** The status of each call, oldest first. */
  statuses(): readonly number[];
}

const address = v.pipe(v.string(), v.regex(/^(?:[^<>\r\n]*<[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+)$/));
const line = v.pipe(v.string(), v.regex(/^[^\r\n]*$/));
const base64 = v.pipe(v.string(), v.nonEmpty(), v.base64());
const Email = v.pipe(
  v.strictObject({
    from: address,
    to: v.pipe(v.array(address), v.minLength(1), v.maxLength(50)),
    subject: v.pipe(line, v.nonEmpty()),
    html: v.optional(v.string()),
    text: v.optional(v.string()),
    headers: v.optional(v.record(v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]+$/)), line)),
    attachments: v.optional(
      v.array(
        v.strictObject({
          filename: v.pipe(v.string(), v.nonEmpty()),
          content: base64,
          content_type: v.optional(v.string()),
          content_id: v.optional(v.pipe(v.string(), v.maxLength(127))),
        }),
      ),
    ),
  }),
  v.check(({ html, text }) => html !== undefined || text !== undefined, "html or text"),
);
const MAX_BYTES = 40_000_000;

/**
 * Starts a server that takes e-mail as Resend does: it judges each by the published rules of its fields, sends what comes twice under one
 * idempotency key once, and refuses another e-mail under a key that was used. A key is known for as long as the server is.
 *
 * @param options.domain - The one that was verified.
 * @see https://resend.com/docs/api-reference/emails/send-email and https://resend.com/docs/api-reference/errors
 */
export async function startResendServer({ apiKey, domain }: { readonly apiKey: string; readonly domain: string }): Promise<ResendServer> {
  const emails: ResendEmail[] = [];
  const statuses: number[] = [];
  const keys = new Map<string, { readonly payload: string; readonly id: string }>();
  const receiver = await startHttpReceiver((request, told) => {
    const judged = told === null || isTaken(told) ? take(request) : null;
    const answer = told === null ? judged! : { ...judged, ...told };
    statuses.push(answer.status ?? 200);
    return answer;
  }, "");
  return { ...receiver, base: `http://${receiver.host}`, emails: () => emails, statuses: () => statuses };

  function take({ method, path, headers, body }: ReceivedRequest): Answer {
    if (method !== "POST" || path !== "/emails") return refused(405, "method_not_allowed");
    if (headers["authorization"] === undefined) return refused(401, "missing_api_key");
    if (headers["authorization"] !== `Bearer ${apiKey}` || headers["user-agent"] === undefined) return refused(403, "invalid_api_key");
    const key = headers["idempotency-key"] ?? null;
    if (key !== null && (key === "" || key.length > 256)) return refused(400, "invalid_idempotency_key");
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Email), body);
    if (!parsed.success || !/^application\/json\b/.test(headers["content-type"] ?? "") || body.length > MAX_BYTES) {
      return refused(422, "validation_error");
    }
    if (!parsed.output.from.replace(/>$/, "").endsWith(`@${domain}`)) return refused(403, "validation_error");

    const payload = createHash("sha256").update(canonicalJson(parsed.output)).digest("hex");
    const known = key === null ? undefined : keys.get(key);
    if (known !== undefined) return known.payload === payload ? accepted(known.id) : refused(409, "invalid_idempotent_request");
    const id = `00000000-0000-4000-8000-${String(emails.length).padStart(12, "0")}`;
    if (key !== null) keys.set(key, { payload, id });
    emails.push({ id, key, ...parsed.output } as ResendEmail);
    return accepted(id);
  }
}

const accepted = (id: string): Answer => ({ status: 200, body: JSON.stringify({ id }) });

/** An answer in which Resend refuses an e-mail. */
export const refused = (statusCode: number, name: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: statusCode,
  headers,
  body: JSON.stringify({ statusCode, name, message: `The tests say ${name}.` }),
});
