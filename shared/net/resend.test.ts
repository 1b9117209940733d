import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { inspect } from "node:util";
import type { Mail, MailMessage, MailProvider } from "../ports/mail.ts";
import { refused, startResendServer } from "../testing/resend-server.ts";
import type { ResendServer } from "../testing/resend-server.ts";
import { createMail } from "./mail.ts";

const KEY = "re_OfTheTests_5Secret";
const BY: MailProvider = { provider: "resend", apiKey: KEY, from: "IntentVision <alerts@example.org>" };
const message: MailMessage = {
  id: "dlv_1",
  threads: ["alt_1", "alt_2"],
  to: ["ada@example.com", "grace@example.com"],
  subject: "Critical: Überlast on cpu{host=a}",
  text: "Value: 95\n",
  html: '<p>Value: 95</p><img src="cid:chart">',
  images: [{ cid: "chart", filename: "chart.png", contentType: "image/png", content: Uint8Array.of(137, 80, 78, 71) }],
};

let server: ResendServer;
let mail: Mail;
beforeEach(async () => {
  server = await startResendServer({ apiKey: KEY, domain: "example.org" });
  mail = createMail({ operator: BY, allow: [server.host], providerUrls: { resend: server.base } });
});
afterEach(() => server.stop());

const send = (changes: Partial<MailMessage> = {}, by: MailProvider | null = null) =>
  mail({ ...message, ...changes }, by, { timeoutMs: 2_000 });
const TAKEN = { outcome: "delivered", error: null };

test("a message comes as text and HTML with its image, in the thread of its alerts, under its own id", async () => {
  expect(await send()).toMatchObject({ ...TAKEN, status: 200 });
  expect(server.emails()).toEqual([
    {
      id: expect.any(String),
      key: "dlv_1",
      from: BY.from,
      to: message.to,
      subject: message.subject,
      text: message.text,
      html: message.html,
      headers: {
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "In-Reply-To": "<alt_1@example.org>",
        References: "<alt_1@example.org> <alt_2@example.org>",
      },
      attachments: [{ filename: "chart.png", content: "iVBORw==", content_type: "image/png", content_id: "chart" }],
    },
  ]);
});

test("one without images and alerts comes too", async () => {
  expect(await send({ images: [], threads: [] })).toMatchObject(TAKEN);
});

describe("a message that is sent again", () => {
  test("because nobody heard that it was taken comes once", async () => {
    server.answerNext({ sender: "cut" });
    await expect(send()).rejects.toMatchObject({ kind: "network", retryable: true });
    expect(await send()).toMatchObject(TAKEN);
    expect([server.emails().length, server.statuses()]).toEqual([1, [200, 200]]);
  });

  test("with another chart was taken before, and is not tried for ever", async () => {
    server.answerNext({ sender: "cut" });
    await expect(send()).rejects.toThrow();
    expect(await send({ images: [] })).toMatchObject({ ...TAKEN, status: 409 });
    expect(server.emails()).toHaveLength(1);
  });

  test("while it is being taken is tried once more", async () => {
    server.answerNext(refused(409, "concurrent_idempotent_requests"));
    expect(await send()).toMatchObject({ outcome: "retry", error: "Resend answered 409: concurrent_idempotent_requests" });
  });
});

describe("a message that is not taken", () => {
  test.each([
    [refused(429, "rate_limit_exceeded", { "Retry-After": "7" }), "retry", "7"],
    [refused(429, "daily_quota_exceeded"), "retry", undefined],
    [refused(500, "application_error"), "retry", undefined],
    [{ status: 502, body: "<html>" }, "retry", undefined],
    [refused(422, "invalid_attachment"), "final", undefined],
  ] as const)("because of %j ends in %s", async (answer, outcome, retryAfter) => {
    server.answerNext(answer);
    const said = await send();
    expect(said).toMatchObject({ outcome, status: answer.status });
    expect([said.retryAfter, said.error]).toEqual([retryAfter, expect.stringContaining(`Resend answered ${answer.status}`)]);
    expect(server.emails()).toEqual([]);
    expect(await send()).toMatchObject(TAKEN);
  });

  test("because its key or its sender is none that Resend knows is given up, and the key is said nowhere", async () => {
    const [key, from] = [await send({}, { ...BY, apiKey: "re_another" }), await send({}, { ...BY, from: "alerts@example.net" })];
    expect([key, from]).toMatchObject([
      { outcome: "final", error: "Resend answered 403: invalid_api_key" },
      { outcome: "final", error: "Resend answered 403: validation_error" },
    ]);
    expect(inspect([key, from])).not.toMatch(/re_/);
  });
});

test("an address that the operator gave is called only where it may be", async () => {
  const guarded = createMail({ operator: BY, allow: [], providerUrls: { resend: server.base } });
  await expect(guarded(message, null, { timeoutMs: 2_000 })).rejects.toMatchObject({ kind: "refused-address" });
  expect(server.connections()).toBe(0);
});

test("nothing that a message holds makes a header", async () => {
  const injected = "x\r\nBcc: eve@example.net\r\n\r\n";
  expect(await send({ subject: injected, text: injected, html: injected })).toMatchObject(TAKEN);
  const [email] = server.emails();
  expect([email!.to, Object.keys(email!.headers!)]).toEqual([message.to, expect.not.arrayContaining(["Bcc"])]);
});
