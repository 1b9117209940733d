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

/** What lies in a message to be shown in its HTML, as `<img src="cid:...">`. */
export interface MailImage {
  readonly cid: string;
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

export interface MailMessage {
  /** The same for every attempt at one message: the local part of its Message-ID. */
  readonly id: string;
  /** What it belongs with, the first being what it answers: messages that share one of these are one thread. */
  readonly threads: readonly string[];
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly images: readonly MailImage[];
}

/** What the server said in the end. */
export interface MailAnswer {
  /** The reply code: below 400 it took the message, for some of the recipients at least. */
  readonly status: number;
  /** What it answered so, such as `RCPT TO`; null where the message was taken. */
  readonly to: string | null;
}

/**
 * Sends an e-mail within a time limit.
 *
 * @param server - A tenant's own, whose address has to be public; null for the operator's.
 * @throws Unavailable where there is no answer, or no server.
 */
export type Mail = (message: MailMessage, server: MailServer | null, options: { readonly timeoutMs: number }) => Promise<MailAnswer>;
