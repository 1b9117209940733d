import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CreatedChannel } from "../../shared/contract/channel.ts";
import { openConfig } from "../../shared/ports/channel-config.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createChannel } from "./create.ts";
import { getChannel } from "./get.ts";
import { patchChannel } from "./patch.ts";
import { replaceChannel } from "./replace.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const PASSWORD = "verysecret";
const smtp = { host: "smtp.example.com", port: 587, from: "alerts@example.com" };
const config = (more: object = {}) => ({ to: ["ada@example.com"], smtp: { ...smtp, ...more } });
const create = async (definition: object) => (await harness.call(createChannel, { name: "Told", ...definition })) as CreatedChannel;
const stored = async ({ id }: { id: CreatedChannel["id"] }) => (await harness.deps.store.forOrg(harness.org).channels.get(id))!;
const opened = async (of: { id: CreatedChannel["id"] }) =>
  openConfig(harness.deps.secrets, harness.org, { ...(await stored(of)), kind: "email" }).smtp;
const email = () => create({ kind: "email", config: config({ user: "iv", password: PASSWORD }) });

test("of an e-mail channel whom it tells and by which server is shown, never who signs in there", async () => {
  const created = await email();
  expect(created.config).toEqual({ to: "ada@example.com", smtp: "smtp.example.com:587", from: "alerts@example.com" });
  expect(JSON.stringify([created, await harness.call(getChannel, { id: created.id })])).not.toContain(PASSWORD);
  const rows = await harness.database.read("SELECT * FROM channel", {});
  expect(JSON.stringify(rows.map((row) => ({ ...row, sealed: null })))).not.toContain(PASSWORD);
});

test("of a PagerDuty channel its region is shown, never its key", async () => {
  const created = await create({ kind: "pagerduty", config: { routingKey: "0123456789abcdefghijABCDEFGHIJ12" } });
  expect(created.config).toEqual({ region: "us" });
});

describe("a password that is sent to a server", () => {
  test("stays where it is left out, and can be taken away", async () => {
    const created = await email();
    await harness.call(replaceChannel, { id: created.id, name: "Told", kind: "email", config: config({ from: "other@example.com" }) });
    expect(await opened(created)).toMatchObject({ from: "other@example.com", user: "iv", password: PASSWORD });
    await harness.call(patchChannel, { id: created.id, config: { smtp: { user: null, password: null } } });
    expect(await opened(created)).not.toHaveProperty("password");
  });

  test.each([{ host: "smtp.example.net" }, { port: 2_525 }, { security: "starttls" }])("is not taken to another: %j", async (changes) => {
    const replaced = await email();
    await harness.call(replaceChannel, { id: replaced.id, name: "Told", kind: "email", config: config(changes) });
    expect(await opened(replaced)).toEqual({ ...smtp, ...changes });
    const patched = await email();
    await harness.call(patchChannel, { id: patched.id, config: { smtp: changes } });
    expect(await opened(patched)).toEqual({ ...smtp, ...changes });
  });

  test("given anew goes along", async () => {
    const created = await email();
    await harness.call(patchChannel, { id: created.id, config: { smtp: { host: "smtp.example.net", user: "iv", password: "another" } } });
    expect(await opened(created)).toMatchObject({ host: "smtp.example.net", password: "another" });
  });
});

describe("what an Alertmanager is signed in to with", () => {
  const url = "https://am.example.com/one";
  const openedPush = async (of: { id: CreatedChannel["id"] }) =>
    openConfig(harness.deps.secrets, harness.org, { ...(await stored(of)), kind: "alertmanager" });

  test.each([{ token: PASSWORD }, { user: "iv", password: PASSWORD }])(
    "is not shown, stays, and goes to no other address: %j",
    async (how) => {
      const created = await create({ kind: "alertmanager", config: { url, ...how } });
      expect(created.config).toEqual({ url: "https://am.example.com" });
      await harness.call(replaceChannel, { id: created.id, name: "Renamed", kind: "alertmanager", config: { url } });
      expect(await openedPush(created)).toEqual({ url, ...how });
      await harness.call(patchChannel, { id: created.id, config: { url: `${url}/eve` } });
      expect(await openedPush(created)).toEqual({ url: `${url}/eve` });
    },
  );

  test("given in another way takes the place of what was", async () => {
    const created = await create({ kind: "alertmanager", config: { url, user: "iv", password: PASSWORD } });
    await harness.call(replaceChannel, { id: created.id, name: "Told", kind: "alertmanager", config: { url, token: "another" } });
    expect(await openedPush(created)).toEqual({ url, token: "another" });
  });

  test("is one of both", async () => {
    const both = { url, user: "iv", password: PASSWORD, token: PASSWORD };
    await expect(create({ kind: "alertmanager", config: both })).rejects.toThrow("Expected a user or a token, not both");
  });
});

describe("400", () => {
  test.each([
    ["a routing key that is none", { kind: "pagerduty", config: { routingKey: PASSWORD } }],
    ["an address that is none", { kind: "email", config: { to: [`${PASSWORD}@`] } }],
    ["an address with a line end", { kind: "email", config: { to: [`ada@example.com\r\nBcc: ${PASSWORD}@example.com`] } }],
    ["a host that is none", { kind: "email", config: config({ host: `${PASSWORD}:25/` }) }],
    ["a user without a password", { kind: "email", config: config({ user: PASSWORD }) }],
    ["a password with a line end", { kind: "email", config: config({ user: "iv", password: `${PASSWORD}\r\n` }) }],
  ])("%s is refused without saying it again", async (_, definition) => {
    const refused = create(definition);
    await expect(refused).rejects.toThrow("Expected");
    await expect(refused).rejects.not.toThrow(PASSWORD);
  });

  test("a password is not sent without TLS", async () => {
    const open = { kind: "email", config: config({ user: "iv", password: PASSWORD, security: "none" }) };
    await expect(create(open)).rejects.toThrow("A password is not sent without TLS");
  });
});

describe("an account with a provider", () => {
  const resend = { apiKey: "re_123456789", from: "alerts@example.com" };
  const account = { to: ["ada@example.com"], resend };

  test("shows who sends and for whom, and never its key", async () => {
    const created = (await harness.call(createChannel, { name: "Mail", kind: "email", config: account })) as CreatedChannel;
    expect(created.config).toEqual({ to: "ada@example.com", provider: "resend", from: "alerts@example.com" });
    await harness.call(patchChannel, { id: created.id, config: { resend: { from: "ops@example.com" } } });
    const kept = openConfig(harness.deps.secrets, harness.org, { ...(await stored(created)), kind: "email" }).resend;
    expect(kept).toEqual({ apiKey: "re_123456789", from: "ops@example.com" });
  });

  test("and a mail server are not both taken", async () => {
    await expect(async () => harness.call(createChannel, { name: "Mail", kind: "email", config: { ...account, smtp } })).rejects.toThrow(
      "not both",
    );
  });
});
