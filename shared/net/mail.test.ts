import { afterEach, describe, expect, test } from "@jest/globals";
import { inspect } from "node:util";
import type { Mail, MailMessage, MailServer } from "../ports/mail.ts";
import { startSmtpReceiver } from "../testing/smtp-receiver.ts";
import type { SmtpReceiver } from "../testing/smtp-receiver.ts";
import { createMail } from "./mail.ts";
import { OutgoingCallError } from "./guarded-fetch.ts";

const PASSWORD = "hunter2-hunter2";
const message: MailMessage = {
  id: "dlv_1",
  threads: ["alt_1", "alt_2"],
  to: ["ada@example.com", "grace@example.com"],
  subject: "Critical: Überlast on cpu{host=a}",
  text: "Value: 95\n",
  html: '<p>Value: 95</p><img src="cid:chart">',
  images: [{ cid: "chart", filename: "chart.png", contentType: "image/png", content: Uint8Array.of(137, 80, 78, 71) }],
};

const receivers: SmtpReceiver[] = [];
afterEach(async () => {
  for (const one of receivers.splice(0)) await one.stop();
});

async function start(options?: Parameters<typeof startSmtpReceiver>[0]): Promise<{ receiver: SmtpReceiver; server: MailServer }> {
  const receiver = await startSmtpReceiver(options);
  receivers.push(receiver);
  const { host, port } = receiver;
  return { receiver, server: { host, port, security: "none", from: "IntentVision <alerts@example.org>" } };
}
const byOperator = (operator: MailServer): Mail => createMail({ operator, allow: [] });
const send = (mail: Mail, changes: Partial<MailMessage> = {}, server: MailServer | null = null) =>
  mail({ ...message, ...changes }, server, { timeoutMs: 2_000 });
async function failureOf(call: Promise<unknown>): Promise<OutgoingCallError> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(outcome instanceof OutgoingCallError)) throw new Error(`Expected an OutgoingCallError, got ${inspect(outcome)}`);
  return outcome;
}

test("a message comes as text and HTML with its image, under its own id, in the thread of its alerts", async () => {
  const { receiver, server } = await start();
  await expect(send(byOperator(server))).resolves.toEqual({ outcome: "delivered", status: 250, error: null });
  const [{ from, to, mail, source }] = receiver.messages() as [ReturnType<SmtpReceiver["messages"]>[number]];
  expect({ from, to }).toEqual({ from: "alerts@example.org", to: message.to });
  expect(mail).toMatchObject({
    from: { name: "IntentVision", address: "alerts@example.org" },
    to: [{ address: "ada@example.com" }, { address: "grace@example.com" }],
    subject: message.subject,
    text: expect.stringMatching(/^Value: 95\s+$/),
    messageId: "<dlv_1@example.org>",
    inReplyTo: "<alt_1@example.org>",
    references: "<alt_1@example.org> <alt_2@example.org>",
    attachments: [{ filename: "chart.png", mimeType: "image/png", disposition: "inline", contentId: "<chart>" }],
  });
  expect(mail.html).toContain('<img src="cid:chart">');
  expect(source).toMatch(/^Auto-Submitted: auto-generated\r$/m);
});

test("whoever has a password signs in", async () => {
  const { receiver, server } = await start({ password: PASSWORD });
  await send(byOperator({ ...server, user: "iv", password: PASSWORD }));
  expect(receiver.messages()).toMatchObject([{ user: "iv" }]);
});

describe("what the server answers is answered", () => {
  test.each([
    ["connect", 421, null],
    ["mail", 451, "MAIL FROM"],
    ["mail", 550, "MAIL FROM"],
    ["data", 452, "DATA"],
    ["data", 554, "DATA"],
  ] as const)("%s: %i", async (stage, code, to) => {
    const { receiver, server } = await start();
    receiver.answerNext(stage, code, `${PASSWORD} is refused`);
    const { outcome, status, error } = await send(byOperator(server));
    expect([outcome, status]).toEqual([code < 500 ? "retry" : "final", code]);
    expect(error).toContain(`The mail server answered ${code}${to === null ? "" : ` to ${to}`}`);
    expect(error).not.toContain(PASSWORD);
    expect(receiver.messages()).toEqual([]);
  });

  test("a wrong password is final, and said nowhere", async () => {
    const { server } = await start({ password: PASSWORD });
    const answer = await send(byOperator({ ...server, user: "iv", password: `${PASSWORD}!` }));
    expect(answer).toEqual({ outcome: "final", status: 535, error: expect.stringMatching(/ 535 to AUTH/) });
  });

  test("somebody who is refused for good holds up no other; somebody who is refused for now has all be sent it again", async () => {
    const { receiver, server } = await start();
    receiver.answerNext("rcpt", 550);
    const refused = "Refused recipients: ada@example.com (550)";
    await expect(send(byOperator(server))).resolves.toEqual({ outcome: "delivered", status: 250, error: null, answer: refused });
    expect(receiver.messages()).toMatchObject([{ to: ["grace@example.com"] }]);
    receiver.answerNext("rcpt", 450);
    await expect(send(byOperator(server))).resolves.toMatchObject({ outcome: "retry", error: "The mail server answered 450 to RCPT TO" });
    for (const code of [550, 551]) receiver.answerNext("rcpt", code);
    expect(await send(byOperator(server))).toMatchObject({
      outcome: "final",
      answer: "Refused recipients: ada@example.com (550), grace@example.com (551)",
    });
    for (const code of [550, 450]) receiver.answerNext("rcpt", code);
    expect(await send(byOperator(server))).toMatchObject({ outcome: "retry", status: 450 });
  });
});

describe("no answer", () => {
  test.each(["connect", "mail", "data"] as const)("in time, at %s, is a time-out", async (stage) => {
    const { receiver, server } = await start();
    receiver.answerNext(stage, "hang");
    const error = await failureOf(byOperator(server)(message, null, { timeoutMs: 300 }));
    expect(error).toMatchObject({ kind: "timeout", retryable: true, message: `127.0.0.1:${server.port} did not answer within 300 ms` });
  });

  test("at all is the network's", async () => {
    const { receiver, server } = await start();
    await receiver.stop();
    receivers.pop();
    expect(await failureOf(send(byOperator(server)))).toMatchObject({ kind: "network", retryable: true });
  });

  test("comes from no server", async () => {
    const error = await failureOf(send(createMail({ operator: null, allow: [] })));
    expect(error).toMatchObject({ retryable: false, message: expect.stringMatching(/no mail server/) });
  });
});

describe("TLS", () => {
  test.each(["starttls", "tls"] as const)("%s to a server whose certificate nobody vouches for says nothing", async (security) => {
    const { receiver, server } = await start({ password: PASSWORD });
    const error = await failureOf(send(byOperator({ ...server, security, user: "iv", password: PASSWORD })));
    expect(error).toMatchObject({ kind: "network" });
    expect(inspect(error)).not.toContain(PASSWORD);
    expect(receiver.messages()).toEqual([]);
  });

  test("that is not offered is not done without", async () => {
    const { receiver, server } = await start({ offersTls: false });
    await expect(send(byOperator({ ...server, security: "starttls" }))).resolves.toMatchObject({
      outcome: "final",
      error: "The mail server answered 500 to STARTTLS",
    });
    expect(receiver.messages()).toEqual([]);
  });
});

describe("a tenant's own server", () => {
  test("is reached where it is allowed", async () => {
    const { receiver, server } = await start();
    await send(createMail({ operator: null, allow: [`${server.host}:${server.port}`] }), {}, server);
    expect(receiver.messages()).toHaveLength(1);
  });

  test.each(["127.0.0.1", "127.1", "0x7f.1", "2130706433", "localhost", "169.254.169.254", "10.0.0.1", "256.0.0.1"])(
    "at %s is not connected to",
    async (host) => {
      const { receiver, server } = await start();
      const error = await failureOf(send(createMail({ operator: server, allow: [] }), {}, { ...server, host }));
      expect(error).toMatchObject({ kind: "refused-address", retryable: false });
      expect(receiver.connections()).toBe(0);
    },
  );

  test("whose name is resolved to a private address is not connected to", async () => {
    const { receiver, server } = await start();
    const asked: string[] = [];
    const mail = createMail({
      operator: null,
      allow: [],
      lookup: (hostname, _options, answer) => {
        asked.push(hostname);
        answer(null, [{ address: "127.0.0.1", family: 4 }]);
      },
    });
    expect(await failureOf(send(mail, {}, { ...server, host: "mail.example" }))).toMatchObject({ kind: "refused-address" });
    expect([asked, receiver.connections()]).toEqual([["mail.example"], 0]);
  });
});

test("nothing that a message holds makes a header, a recipient or a command", async () => {
  const { receiver, server } = await start();
  const injected = "x\r\nBcc: eve@example.net\r\n\r\n.\r\nRCPT TO:<eve@example.net>\r\n";
  await send(byOperator(server), { subject: injected, text: `${injected}.\r\nQUIT\r\n`, html: injected, id: "dlv_2", images: [] });
  const [only] = receiver.messages();
  expect(only!.to).toEqual(message.to);
  expect(only!.mail.bcc ?? []).toEqual([]);
  expect(only!.mail.headers.map(({ key }) => key)).not.toContain("bcc");
  expect(only!.mail.text).toContain("QUIT");
});
