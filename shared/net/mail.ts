import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Mail, MailAnswer, MailMessage, MailServer } from "../ports/mail.ts";
import { codeOf, createGuard, OutgoingCallError } from "./guarded-fetch.ts";
import type { GuardedFetchOptions } from "./guarded-fetch.ts";

export interface MailOptions extends Pick<GuardedFetchOptions, "allow" | "lookup"> {
  /** For channels without a server of their own; null: there is none. */
  readonly operator: MailServer | null;
}

/**
 * Sends e-mail over SMTP, one connection a message. A tenant's server is reached on the public internet only, by the address that was
 * checked; the operator's wherever it is.
 *
 * @returns A sender that throws OutgoingCallError, and nothing else, where there is no answer. No error says more than the host.
 * @throws Error when `allow` has an entry that is not `host:port`.
 */
export function createMail({ operator, ...guarded }: MailOptions): Mail {
  const guard = createGuard(guarded);
  return async (message, given, { timeoutMs }) => {
    const server = given ?? operator;
    if (server === null)
      throw new OutgoingCallError("refused-address", "There is no mail server: neither the channel's nor the operator's");
    const { host, port } = server;
    const lookup = given === null ? undefined : guard(addressOf(server));
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
  };
}

function addressOf({ host, port }: MailServer): URL {
  const url = URL.parse(`http://${host}:${port}`);
  if (url === null) throw new OutgoingCallError("refused-address", "The mail server's name is none");
  return url;
}

/** Says a message over a connection. @throws what nodemailer throws where the server did not answer. */
async function hand(message: MailMessage, server: MailServer, connection: Socket, signal: AbortSignal): Promise<MailAnswer> {
  const { createTransport } = await import("nodemailer");
  const { host, port, security, user, password, from } = server;
  const domain = /@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? "localhost";
  const idOf = (local: string) => `<${local}@${domain}>`;
  const [inReplyTo, ...others] = message.threads.map(idOf);
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
    const { rejectedErrors = [] } = await transport.sendMail({
      from,
      to: [...message.to],
      subject: message.subject,
      text: message.text,
      html: message.html,
      messageId: idOf(message.id),
      ...(inReplyTo === undefined ? {} : { inReplyTo, references: [inReplyTo, ...others] }),
      // No machine is to answer: RFC 3834, section 5, and what Exchange looks at.
      headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
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
    const later = rejectedErrors.map(answerOf).find((answer) => answer !== null && answer.status < 500);
    return later ?? { status: 250, to: null };
  } catch (error) {
    const answer = answerOf(error);
    if (answer === null) throw error;
    return answer;
  }
}

/** What the server answered, where an error is that. */
function answerOf(error: unknown): MailAnswer | null {
  const { responseCode, command } = error as { responseCode?: unknown; command?: unknown };
  if (typeof responseCode !== "number" || responseCode < 400) return null;
  return { status: responseCode, to: typeof command === "string" && /^[A-Z][A-Z ]{1,20}$/.test(command) ? command : null };
}
