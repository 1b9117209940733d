import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CreatedChannel } from "../../shared/contract/channel.ts";
import { openConfig } from "../../shared/ports/channel-config.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import { createChannel } from "./create.ts";
import channels from "./http.ts";
import { patchChannel } from "./patch.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const HOOK = "https://hooks.example.com/one";
const create = async () => (await harness.call(createChannel, { name: "Hook", kind: "webhook", config: { url: HOOK } })) as CreatedChannel;
const patch = async (id: string, changes: object) => (await harness.call(patchChannel, { id, ...changes })) as CreatedChannel;
const config = async ({ id }: CreatedChannel) => {
  const channel = (await harness.deps.store.forOrg(harness.org).channels.get(id))!;
  return openConfig(harness.deps.secrets, harness.org, { ...channel, kind: "webhook" });
};

describe("200", () => {
  test("members that are named change, and the secret and the URL stay", async () => {
    const created = await create();
    expect(await patch(created.id, { name: "Renamed", enabled: false })).toMatchObject({ name: "Renamed", enabled: false });
    expect(await config(created)).toEqual({ url: HOOK, secret: created.secret });
  });

  test("a secret set to null is made anew, and shown once", async () => {
    const created = await create();
    const { secret } = await patch(created.id, { config: { secret: null } });
    expect(secret).toMatch(/^whsec_/);
    expect(secret).not.toBe(created.secret);
    expect(await config(created)).toMatchObject({ url: HOOK, secret });
  });

  test("the secret before stays for a day, and can be ended at once; renaming neither begins nor ends that", async () => {
    const created = await create();
    const { secret, config: shown } = await patch(created.id, { config: { secret: null } });
    const until = START + 86_400_000;
    expect(shown).toEqual({ url: "https://hooks.example.com", previousSecretUntil: new Date(until).toISOString() });
    const rotated = { url: HOOK, secret, previous: { secret: created.secret, until } };
    expect(await config(created)).toEqual(rotated);
    harness.clock.advance(1_000);
    await patch(created.id, { name: "Renamed" });
    expect(await config(created)).toEqual(rotated);
    const given = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    await patch(created.id, { config: { secret: given } });
    expect(await config(created)).toEqual({ url: HOOK, secret: given, previous: { secret, until: until + 1_000 } });
    expect(await patch(created.id, { config: { previous: null } })).toMatchObject({ config: { url: "https://hooks.example.com" } });
    expect(await config(created)).toEqual({ url: HOOK, secret: given });
  });
});

describe("412", () => {
  test("the ETag of every answer is that of the channel as it is read, also of one that shows a new secret", async () => {
    const server = startHttp(harness);
    const key = await server.keyOf(harness.org, ["*"]);
    const ask = (method: string, path: string, body?: unknown, etag?: string) =>
      server.request(channels, method, path, { key, body, ...(etag === undefined ? {} : { headers: { "if-match": etag } }) });

    const made = await ask("POST", "/api/v1/channels", { name: "Hook", kind: "webhook", config: { url: HOOK } });
    const { id } = made.body as { id: string };
    const path = `/api/v1/channels/${id}`;
    expect(made.headers["ETag"]).toBe((await ask("GET", path)).headers["ETag"]);

    harness.clock.advance(1);
    const changed = await ask("PATCH", path, { config: { secret: null } }, made.headers["ETag"]);
    expect([changed.status, changed.headers["ETag"]]).toEqual([200, (await ask("GET", path)).headers["ETag"]]);
    expect((await ask("PATCH", path, { enabled: false }, made.headers["ETag"])).status).toBe(412);
    expect((await ask("PATCH", path, { enabled: false }, changed.headers["ETag"])).status).toBe(200);
  });
});

describe("400", () => {
  test("what does not fit is refused with its path, without any secret", async () => {
    const created = await create();
    const refused = patch(created.id, { kind: "slack" });
    await expect(refused).rejects.toMatchObject({ kind: "validation-failed", errors: [{ path: "config.secret" }] });
    const error = await refused.catch((thrown: unknown) => JSON.stringify(thrown));
    expect(error).not.toContain(created.secret);
    expect(error).not.toContain("/one");
  });
});

describe("404", () => {
  test("a channel of another organisation is answered like one that is missing", async () => {
    const { id } = await create();
    await expect(harness.call(patchChannel, { id, name: "Mine" }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
  });
});
