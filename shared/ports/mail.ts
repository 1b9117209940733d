import type { ResponseClass } from "../core/alert/retry.ts";

/** An SMTP server, and whom its messages are from. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** `tls`: from the first byte. `starttls`: before anything else is said, or nothing is sent. `none`: never. */
  readonly security: "tls" | "starttls" | "none";
  /** Signed in with where both are given. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** An address, with a name before it or not. */
  readonly from: string;
}

/** A service that takes messages over HTTP, and whom its messages are from. */
export interface MailProvider {
  readonly provider: "resend";
  readonly apiKey: string;
  /** An address, with a name before it or not. */
  readonly from: string;
}

/** What lies in a message to be shown in its HTML, as `<img src="cid:...">`. */
export interface MailImage {
  readonly cid: string;
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

export interface MailMessage {
  /** The same for every attempt at one message: the local part of its Message-ID, or a provider's idempotency key. */
  readonly id: string;
  /** What it belongs with, the first being what it answers: messages that share one of these are one thread. */
  readonly threads: readonly string[];
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly images: readonly MailImage[];
}

/** What the server or provider said in the end. */
export interface MailAnswer {
  /** `delivered`: it took the message, for some of the recipients at least. */
  readonly outcome: ResponseClass;
  /** SMTP's reply code, or the HTTP status. */
  readonly status: number;
  /** What was wrong, without any of its words that may hold secrets; null where the message was taken. */
  readonly error: string | null;
  /** A provider's header Retry-After. */
  readonly retryAfter?: string | undefined;
  /** What a provider answered, secrets and all; of a mail server the recipients that it refused, each with its reply code. */
  readonly answer?: string;
}

/**
 * Sends an e-mail within a time limit.
 *
 * @param by - A tenant's own server, whose address has to be public, or provider; null for the operator's.
 * @throws Unavailable where there is no answer, or nobody to send it.
 */
export type Mail = (
  message: MailMessage,
  by: MailServer | MailProvider | null,
  options: { readonly timeoutMs: number },
) => Promise<MailAnswer>;
