import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CreatedChannel } from "../../shared/contract/channel.ts";
import { MAX_CHANNELS } from "../../shared/ports/alerting.ts";
import { openConfig } from "../../shared/ports/channel-config.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
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

const create = async (definition: object) => (await harness.call(createChannel, definition)) as CreatedChannel;
const stored = async ({ id }: { id: CreatedChannel["id"] }) => (await harness.deps.store.forOrg(harness.org).channels.get(id))!;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const HOOK = "https://hooks.example.com/services/T000/B000/verysecret";

describe("201", () => {
  test("a webhook secret that was not given is made, shown once, and kept sealed", async () => {
    const created = await create({ name: "Hook", kind: "webhook", config: { url: HOOK } });
    expect(created.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(created).toMatchObject({ name: "Hook", kind: "webhook", enabled: true, disabledReason: null });
    const channel = await stored(created);
    expect(openConfig(harness.deps.secrets, harness.org, { ...channel, kind: "webhook" })).toEqual({ url: HOOK, secret: created.secret });
    expect(await harness.call(getChannel, { id: created.id })).not.toHaveProperty("secret");
    expect(createChannel.location!(created as never)).toBe(`/api/v1/channels/${created.id}`);
  });

  test("a webhook's format may be named", async () => {
    const created = await create({ name: "Hook", kind: "webhook", config: { url: HOOK, format: "intentvision" } });
    expect(openConfig(harness.deps.secrets, harness.org, { ...(await stored(created)), kind: "webhook" }).url).toBe(HOOK);
    await expect(create({ name: "Hook", kind: "webhook", config: { url: HOOK, format: "another" } })).rejects.toThrow();
  });

  test("a webhook secret that was given is not shown", async () => {
    const created = await create({ name: "Hook", kind: "webhook", config: { url: HOOK, secret: SECRET } });
    expect(JSON.stringify(created)).not.toContain(SECRET);
    const channel = await stored(created);
    expect(openConfig(harness.deps.secrets, harness.org, { ...channel, kind: "webhook" }).secret).toBe(SECRET);
  });

  test.each(["webhook", "slack"])("of the URL of a %s channel only the origin is shown or stored in the clear", async (kind) => {
    const created = await create({ name: "Hook", kind, config: { url: "https://hooks.example.com/verysecret?key=verysecret" } });
    expect(created.config).toEqual({ url: "https://hooks.example.com" });
    const rows = await harness.database.read("SELECT * FROM channel", {});
    const clear = JSON.stringify(rows.map((row) => ({ ...row, sealed: null })));
    expect(clear).not.toMatch(/verysecret/);
  });

  test.each(["inbox", "console"])("an %s channel needs no configuration", async (kind) => {
    expect(await create({ name: "Here", kind })).toMatchObject({ kind, config: {} });
  });
});

describe("400", () => {
  test.each([
    ["a URL of another scheme", { kind: "webhook", config: { url: "ftp://verysecret" } }],
    ["no URL", { kind: "slack", config: { url: "verysecret" } }],
    ["a secret that is none", { kind: "webhook", config: { url: HOOK, secret: "verysecret" } }],
  ])("%s is refused without saying it again", async (_, definition) => {
    const refused = create({ name: "Hook", ...definition });
    await expect(refused).rejects.toThrow("Expected");
    await expect(refused).rejects.not.toThrow("verysecret");
  });
});

describe("an address that nothing would ever be sent to", () => {
  const URLS = [
    "http://127.0.0.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::ffff:127.0.0.1]/",
    "http://10.0.0.1:9093/",
  ];
  const channel = (kind: string, url: string) => ({ name: "Hook", kind, config: { url } });

  test.each(["webhook", "slack", "teams", "alertmanager"])("is refused as that of a %s channel, with the host alone", async (kind) => {
    for (const url of URLS) {
      const errors = [{ path: "config.url", message: expect.stringMatching(/^[^/]+ is not on the public internet$/) as unknown }];
      await expect(create(channel(kind, url))).rejects.toMatchObject({ kind: "validation-failed", errors });
    }
    const message = "An address may not carry credentials, as that of hooks.example.com does";
    const withPassword = create(channel(kind, "https://user:verysecret@hooks.example.com/"));
    await expect(withPassword).rejects.toMatchObject({ errors: [{ path: "config.url", message }] });
  });

  test.each(["127.0.0.1", "2130706433"])("is refused as that of a mail server: %s", async (host) => {
    const email = { name: "Mail", kind: "email", config: { to: ["a@example.com"], smtp: { host, port: 25, from: "a@example.com" } } };
    await expect(create(email)).rejects.toMatchObject({ errors: [{ path: "config.smtp.host", message: expect.any(String) as unknown }] });
  });

  test("is refused by a change to it, whereas a channel that has one can be disabled", async () => {
    const { id } = await create(channel("slack", HOOK));
    const refused = { kind: "validation-failed", errors: [{ path: "config.url" }] };
    await expect(harness.call(replaceChannel, { id, ...channel("slack", URLS[0]!) })).rejects.toMatchObject(refused);
    await expect(harness.call(patchChannel, { id, config: { url: URLS[0] } })).rejects.toMatchObject(refused);
    const old = await storeChannel(harness, { kind: "slack", config: { url: URLS[0]! } });
    expect(await harness.call(patchChannel, { id: old.id, enabled: false })).toMatchObject({ enabled: false });
  });

  test("is taken where the operator has opened its host", async () => {
    const open = await startHarness({ allow: ["127.0.0.1:9999"] });
    const made = (url: string) => open.call(createChannel, channel("webhook", url));
    expect(await made("http://127.0.0.1:9999/hook")).toMatchObject({ config: { url: "http://127.0.0.1:9999" } });
    await expect(made("http://127.0.0.1:9998/hook")).rejects.toMatchObject({ kind: "validation-failed" });
    open.close();
  });
});

describe("422", () => {
  test("an organisation that has as many channels as it may gets no more", async () => {
    for (let n = 0; n < MAX_CHANNELS; n += 1) await create({ name: "Here", kind: "inbox" });
    await expect(create({ name: "One more", kind: "inbox" })).rejects.toMatchObject({ kind: "limit-reached" });
  });
});
