import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Mail, MailMessage, MailProvider, MailServer } from "../ports/mail.ts";
import { codeOf, createGuard, createGuardedFetch, OutgoingCallError } from "./guarded-fetch.ts";
import type { GuardedFetchOptions } from "./guarded-fetch.ts";
import { domainOf, MACHINE_MADE, threadOf } from "./mail-headers.ts";
import { RESEND_URL, sendByResend } from "./resend.ts";

export interface MailOptions extends Pick<GuardedFetchOptions, "allow" | "lookup"> {
  /** For channels that name nobody of their own; null: there is none. */
  readonly operator: MailServer | MailProvider | null;
  /** Where a provider is called, in place of its own address. */
  readonly providerUrls?: Partial<Readonly<Record<MailProvider["provider"], string | undefined>>>;
}

/** Who takes messages over HTTP: one file and one line each. */
const PROVIDERS = {
  resend: { url: RESEND_URL, send: sendByResend },
} as const satisfies Record<MailProvider["provider"], object>;

/**
 * Sends e-mail: over SMTP, one connection a message, or by a provider's HTTP interface. A tenant's server is reached on the public internet
 * only, by the address that was checked; the operator's wherever it is.
 *
 * @returns A sender that throws OutgoingCallError, and nothing else, where there is no answer. No error says more than the host.
 * @throws Error when `allow` has an entry that is not `host:port`.
 */
export function createMail({ operator, providerUrls = {}, ...guarded }: MailOptions): Mail {
  const guard = createGuard(guarded);
  const fetch = createGuardedFetch(guarded);
  return async (message, given, { timeoutMs }) => {
    const by = given ?? operator;
    if (by === null) throw new OutgoingCallError("refused-address", "There is no mail server: neither the channel's nor the operator's");
    if ("provider" in by) {
      const { url, send } = PROVIDERS[by.provider];
      return send(message, by, { url: providerUrls[by.provider] ?? url, fetch, timeoutMs });
    }
    const { status, to, refused } = await sendOverSmtp(message, by, given === null ? undefined : guard(addressOf(by)), timeoutMs);
    const said = refused.map((one) => `${one.recipient} (${one.status})`).join(", ");
    const answer = said === "" ? {} : { answer: `Refused recipients: ${said}` };
    if (status < 400) return { outcome: "delivered", status, error: null, ...answer };
    const error = `The mail server answered ${status}${to === null ? "" : ` to ${to}`}`;
    return { outcome: status < 500 ? "retry" : "final", status, error, ...answer };
  };
}

/** What a mail server said in the end. */
interface SmtpAnswer {
  /** The reply code: below 400 it took the message, for some of the recipients at least. */
  readonly status: number;
  /** What it answered so, such as `RCPT TO`; null where the message was taken. */
  readonly to: string | null;
  /** Recipients that it did not take, each with its reply code. */
  readonly refused: readonly { readonly recipient: string; readonly status: number }[];
}

/** @param lookup - Of the server's address; undefined: the system's. */
async function sendOverSmtp(
  message: MailMessage,
  server: MailServer,
  lookup: ReturnType<ReturnType<typeof createGuard>> | undefined,
  timeoutMs: number,
): Promise<SmtpAnswer> {
  const { host, port } = server;
  const deadline = AbortSignal.timeout(timeoutMs);
  let socket: Socket | undefined;
  try {
    socket = connect({ host, port, signal: deadline, ...(lookup === undefined ? {} : { lookup }) });
    // An error that comes once nobody waits for this socket is nobody's.
    socket.on("error", () => {});
    await once(socket, "connect", { signal: deadline });
    return await hand(message, server, socket, deadline);
  } catch (error) {
    if (error instanceof OutgoingCallError) throw error;
    if (deadline.aborted) throw new OutgoingCallError("timeout", `${host}:${port} did not answer within ${timeoutMs} ms`);
    throw new OutgoingCallError("network", `${host}:${port} cannot be reached: ${codeOf(error)}`);
  } finally {
    socket?.destroy();
  }
}

function addressOf({ host, port }: MailServer): URL {
  const url = URL.parse(`http://${host}:${port}`);
  if (url === null) throw new OutgoingCallError("refused-address", "The mail server's name is none");
  return url;
}

/** Says a message over a connection. @throws what nodemailer throws where the server did not answer. */
async function hand(message: MailMessage, server: MailServer, connection: Socket, signal: AbortSignal): Promise<SmtpAnswer> {
  const { createTransport } = await import("nodemailer");
  const { host, port, security, user, password, from } = server;
  const domain = domainOf(from);
  const { inReplyTo, references } = threadOf(message, from);
  const transport = createTransport({
    connection,
    host,
    port,
    name: domain,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(user === undefined || password === undefined ? {} : { auth: { user, pass: password } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const info = await transport.sendMail({
      from,
      to: [...message.to],
      subject: message.subject,
      text: message.text,
      html: message.html,
      messageId: `<${message.id}@${domain}>`,
      ...(inReplyTo === undefined ? {} : { inReplyTo, references: [...references] }),
      headers: MACHINE_MADE,
      attachments: message.images.map(({ cid, filename, contentType, content }) => ({
        cid,
        filename,
        contentType,
        content: Buffer.from(content),
        contentDisposition: "inline" as const,
      })),
      signal,
    });
    // Somebody who is only refused for now is not lost: all are sent it again, under the same Message-ID.
    const later = info.rejectedErrors?.map(answerOf).find((answer) => answer !== null && answer.status < 500);
    return { ...(later ?? { status: 250, to: null }), refused: refusedIn(info) };
  } catch (error) {
    const answer = answerOf(error);
    if (answer === null) throw error;
    return { ...answer, refused: refusedIn(error) };
  }
}

/** What the server answered, where an error is that. */
function answerOf(error: unknown): Pick<SmtpAnswer, "status" | "to"> | null {
  const { responseCode, command } = error as { responseCode?: unknown; command?: unknown };
  if (typeof responseCode !== "number" || responseCode < 400) return null;
  return { status: responseCode, to: typeof command === "string" && /^[A-Z][A-Z ]{1,20}$/.test(command) ? command : null };
}

/** Whom the server refused, out of what nodemailer returns or throws. */
function refusedIn(outcome: unknown): SmtpAnswer["refused"] {
  const { rejectedErrors = [] } = outcome as { rejectedErrors?: readonly { recipient?: unknown }[] | undefined };
  return rejectedErrors.flatMap((error) => {
    const { recipient } = error;
    const answer = answerOf(error);
    return typeof recipient === "string" && answer !== null ? [{ recipient, status: answer.status }] : [];
  });
}
