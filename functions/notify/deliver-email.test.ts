import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createMail } from "../../shared/net/mail.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";
import { refused, startResendServer } from "../../shared/testing/resend-server.ts";
import type { ResendServer } from "../../shared/testing/resend-server.ts";
import { startSmtpReceiver } from "../../shared/testing/smtp-receiver.ts";
import type { SmtpReceiver } from "../../shared/testing/smtp-receiver.ts";

const PASSWORD = "hunter2-hunter2";
const MINUTE = 60_000;

let harness: Harness;
let receiver: SmtpReceiver;
let provider: ResendServer;
beforeEach(async () => {
  receiver = await startSmtpReceiver({ password: PASSWORD });
  provider = await startResendServer({ apiKey: PASSWORD, domain: "example.com" });
  const { host, port } = receiver;
  const operator = { host, port, security: "none", from: "alerts@example.org", user: "iv", password: PASSWORD } as const;
  const mail = createMail({ operator, allow: [provider.host], providerUrls: { resend: provider.base } });
  harness = await startHarness({ mail: (message, server) => mail(message, server, { timeoutMs: 500 }) });
});
afterEach(async () => {
  await receiver.stop();
  await provider.stop();
  harness.close();
});

const { hand, ring, deliveries, only, fireNow } = notifierOver(() => harness);
const email = (config: object = {}) => storeChannel(harness, { kind: "email", config: { to: ["ada@example.com"], ...config } });

test("an episode is one thread: its firing and its end, each under the id of its delivery", async () => {
  await email();
  const rule = await storeRule(harness, { annotations: { runbook: "https://example.com/cpu" } });
  const alert = await fireNow(Promise.resolve(rule), { host: "a" });
  harness.clock.advance(MINUTE);
  await evaluate(harness, rule, { outcome: "false", value: 50 }, { host: "a" });
  await hand();
  await ring(START + 5 * MINUTE);
  const [fired, ended] = await deliveries();
  const [first, last] = receiver.messages();
  expect(first).toMatchObject({
    user: "iv",
    from: "alerts@example.org",
    to: ["ada@example.com"],
    mail: {
      subject: "Critical: CPU is high on cpu{host=a}",
      messageId: `<${fired!.id}@example.org>`,
      inReplyTo: `<${alert}@example.org>`,
      text: expect.stringMatching(/Value: 95[^]*runbook: https:\/\/example.com\/cpu/),
      html: expect.stringContaining("runbook: https://example.com/cpu"),
    },
  });
  expect(first!.mail.html).toContain(`<img src="cid:${alert}@chart"`);
  expect(first!.mail.attachments).toMatchObject([{ filename: "chart.png", mimeType: "image/png", contentId: `<${alert}@chart>` }]);
  expect(last!.mail).toMatchObject({
    subject: "Resolved: CPU is high on cpu{host=a}",
    messageId: `<${ended!.id}@example.org>`,
    inReplyTo: `<${alert}@example.org>`,
    text: expect.stringMatching(/Value: 50, was 95 when it fired\s+Fired for 1 min/),
  });
  expect([fired, ended]).toMatchObject([
    { status: "delivered", lastStatus: 250 },
    { status: "delivered", lastStatus: 250 },
  ]);
});

test("who of several is refused for good is named with the attempt that reached the others", async () => {
  await email({ to: ["perm@example.com", "ada@example.com"] });
  receiver.answerNext("rcpt", 550, PASSWORD);
  await fireNow();
  const { id } = await only();
  const { deliveries: stored } = harness.deps.store.forOrg(harness.org);
  expect(await stored.attempts(id)).toMatchObject([{ status: 250, error: null, answer: "Refused recipients: perm@example.com (550)" }]);
});

describe("a message that is not taken", () => {
  test.each([
    ["rcpt", 450, "waiting", "The mail server answered 450 to RCPT TO"],
    ["data", 452, "waiting", "The mail server answered 452 to DATA"],
    ["rcpt", 550, "dead", "The mail server answered 550 to RCPT TO"],
    ["auth", 535, "dead", /^The mail server answered 535 to AUTH/],
  ] as const)("at %s with %i is %s, and nothing says why in the server's words", async (stage, code, status, error) => {
    await email();
    receiver.answerNext(stage, code, PASSWORD);
    await fireNow();
    const delivery = await only();
    expect(delivery).toMatchObject({
      status,
      lastStatus: code,
      lastError: typeof error === "string" ? error : expect.stringMatching(error),
    });
    if (delivery.nextAttemptAt === null) return;
    await ring(delivery.nextAttemptAt);
    expect(receiver.messages()).toMatchObject([{ mail: { messageId: `<${delivery.id}@example.org>` } }]);
  });

  test("because nobody answers is sent again", async () => {
    await email();
    receiver.answerNext("mail", "hang");
    await fireNow();
    const waiting = await only();
    expect(waiting).toMatchObject({ status: "waiting", lastStatus: null, lastError: expect.stringMatching(/did not answer within/) });
    await ring(waiting.nextAttemptAt!);
    expect(await only()).toMatchObject({ status: "delivered", attempts: 2 });
  });

  test("because its server is on no public address is given up, and its password is in no row", async () => {
    const own = { host: "127.0.0.1", port: receiver.port, from: "own@example.com", user: "iv", password: PASSWORD };
    await email({ smtp: own });
    await fireNow();
    expect(await only()).toMatchObject({ status: "dead", lastError: "127.0.0.1 is not on the public internet" });
    expect(receiver.connections()).toBe(0);
    const rows = await harness.database.read("SELECT * FROM delivery", {});
    expect(JSON.stringify(rows)).not.toContain(PASSWORD);
  });
});

test("whatever a rule and a series are called, they make no header and no markup", async () => {
  await email();
  const rule = await storeRule(harness, { name: "CPU <b>&" });
  await fire(harness, rule, { severity: "critical", dimensions: { host: "a\r\nBcc: eve@example.net\r\n\r\n<script>alert(1)</script>" } });
  await hand();
  const [{ to, mail }] = receiver.messages() as [ReturnType<SmtpReceiver["messages"]>[number]];
  expect(to).toEqual(["ada@example.com"]);
  expect(mail.bcc ?? []).toEqual([]);
  expect(mail.subject).toContain("Bcc: eve@example.net");
  expect(mail.html).not.toMatch(/<script|<b>&(?!amp;)/);
  expect(mail.html).toContain("&lt;script&gt;");
});

describe("a channel with an account of its own", () => {
  const resend = { apiKey: PASSWORD, from: "own@example.com" };

  test("has its message sent by the provider, under the delivery's id, with the chart in it", async () => {
    await email({ resend });
    const alert = await fireNow();
    const { id } = await only();
    expect(provider.emails()).toMatchObject([{ key: id, from: "own@example.com", attachments: [{ content_id: `${alert}@chart` }] }]);
    expect([(await only()).status, receiver.messages()]).toEqual(["delivered", []]);
  });

  test("waits as long as the provider asks for, and what it answered is kept without the key", async () => {
    await email({ resend });
    provider.answerNext({
      ...refused(429, "rate_limit_exceeded", { "Retry-After": "120" }),
      body: `{"name": "slow", "key": "${PASSWORD}"}`,
    });
    await fireNow();
    const waiting = await only();
    expect(waiting).toMatchObject({ status: "waiting", lastError: "Resend answered 429: slow", nextAttemptAt: START + 120_000 });
    expect(JSON.stringify(await harness.database.read("SELECT * FROM delivery_attempt", {}))).toContain("[hidden]");
    await ring(waiting.nextAttemptAt!);
    expect([(await only()).status, provider.emails().length]).toEqual(["delivered", 1]);
    const rows = await Promise.all(["delivery", "delivery_attempt"].map((table) => harness.database.read(`SELECT * FROM "${table}"`, {})));
    expect(JSON.stringify(rows)).not.toContain(PASSWORD);
  });
});
