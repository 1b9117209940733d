import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import PostalMime from "postal-mime";
import type { Email } from "postal-mime";
import { SMTPServer } from "smtp-server";

export interface ReceivedMail {
  /** Whom the envelope names, whatever the message says. */
  readonly from: string;
  readonly to: readonly string[];
  /** Who signed in; null where nobody did. */
  readonly user: string | null;
  readonly secure: boolean;
  /** As it came. */
  readonly source: string;
  readonly mail: Email;
}

/** A stage of an exchange. */
export type SmtpStage = "connect" | "auth" | "mail" | "rcpt" | "data";

export interface SmtpReceiver {
  readonly host: string;
  readonly port: number;
  connections(): number;
  /** Taken, in the order of arrival. */
  messages(): readonly ReceivedMail[];
  /** The next time that this stage is reached, it is answered so; `hang`: never. */
  answerNext(stage: SmtpStage, code: number | "hang", text?: string): void;
  stop(): Promise<void>;
}

/**
 * Starts a real SMTP server on a free port of 127.0.0.1. It offers STARTTLS, with a certificate that nobody vouches for.
 * @param options.password - Of whoever signs in; without it nobody can.
 */
export async function startSmtpReceiver(options: { readonly password?: string; readonly offersTls?: boolean } = {}): Promise<SmtpReceiver> {
  const { password, offersTls = true } = options;
  const messages: ReceivedMail[] = [];
  const told = new Map<SmtpStage, { code: number | "hang"; text: string }[]>();
  let connections = 0;

  /** Answers as it was told to, or as it would. */
  const answer = (stage: SmtpStage, go: () => void, refuse: (error: Error) => void): void => {
    const next = told.get(stage)?.shift();
    if (next === undefined) go();
    else if (next.code !== "hang") refuse(Object.assign(new Error(next.text), { responseCode: next.code }));
  };
  const server = new SMTPServer({
    logger: false,
    authOptional: true,
    allowInsecureAuth: true,
    closeTimeout: 1,
    disableReverseLookup: true,
    disabledCommands: [...(password === undefined ? ["AUTH"] : []), ...(offersTls ? [] : ["STARTTLS"])],
    onConnect: (_session, done) => {
      connections += 1;
      answer("connect", done, done);
    },
    onAuth: (auth, _session, done) => {
      const refused = () => done(Object.assign(new Error("Bad credentials"), { responseCode: 535 }));
      answer("auth", () => (auth.password === password ? done(null, { user: auth.username }) : refused()), done);
    },
    onMailFrom: (_address, _session, done) => answer("mail", done, done),
    onRcptTo: (_address, _session, done) => answer("rcpt", done, done),
    onData: (stream, { envelope, user, secure }, done) => {
      const take = async (): Promise<void> => {
        const bytes = await buffer(stream);
        const mail = await PostalMime.parse(bytes);
        const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        answer(
          "data",
          () => {
            messages.push({ from, to, user: typeof user === "string" ? user : null, secure, source: bytes.toString("utf8"), mail });
            done();
          },
          done,
        );
      };
      void take();
    },
  });
  // A client that goes away in the middle is what some tests want.
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return {
    host: "127.0.0.1",
    port,
    connections: () => connections,
    messages: () => messages,
    answerNext(stage, code, text = "Told to") {
      told.set(stage, [...(told.get(stage) ?? []), { code, text }]);
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
