import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { testedChannel } from "../shared/testing/channels.ts";
import { startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";
import { startResendServer } from "../shared/testing/resend-server.ts";
import type { ResendServer } from "../shared/testing/resend-server.ts";
import { createClient } from "../tools/dev/client.ts";

// An operator changes the channel key as docs/channels.md says, and people are told before, meanwhile and after.

const API_KEY = "re_OfTheTests_5Secret";
const HOUR_MS = 3_600_000;
const PATIENCE_MS = 30_000;

let resend: ResendServer;
let system: LocalSystem;
beforeAll(async () => {
  resend = await startResendServer({ apiKey: API_KEY, domain: "example.org" });
  system = await start();
}, 120_000);
afterAll(async () => {
  await system.remove();
  await resend.stop();
});

/** @param more.dataDir - Of an earlier one, which this one starts an hour after. */
const start = (more: { dataDir?: string; previous?: string } = {}) =>
  startLocalSystem({
    ...(more.dataDir === undefined ? {} : { dataDir: more.dataDir, aheadMs: HOUR_MS }),
    env: {
      GUARDED_FETCH_ALLOW: resend.host,
      INTENTVISION_RESEND_URL: resend.base,
      ...(more.previous === undefined ? {} : { INTENTVISION_CHANNEL_KEY_PREVIOUS: more.previous }),
    },
  });

/** Gives the system another channel key. @returns The one before. */
async function changeKey(dataDir: string): Promise<string> {
  const path = join(dataDir, "secrets.json");
  const secrets = JSON.parse(await readFile(path, "utf8")) as { channelKey: string };
  await writeFile(path, JSON.stringify({ ...secrets, channelKey: randomBytes(32).toString("base64") }));
  return secrets.channelKey;
}

async function printed(text: string): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !system.output().includes(text); await pause(100));
  expect(system.output()).toContain(text);
}

test("a channel's secret outlives the key that it was sealed with", async () => {
  const { dataDir } = system;
  const config = { to: ["ada@example.com"], resend: { apiKey: API_KEY, from: "alerts@example.org" } };
  const client = createClient(system.url, system.apiKey);
  const { id } = await client.call<{ id: string }>("POST", "/api/v1/channels", { name: "Mail", kind: "email", config });
  const delivered = { status: "delivered", lastStatus: 200 };
  expect(await testedChannel(system, id)).toMatchObject(delivered);
  await system.stop();

  const previous = await changeKey(dataDir);
  system = await start({ dataDir, previous });
  expect(await testedChannel(system, id)).toMatchObject(delivered);
  await printed("Left with another one: 0.");
  await system.stop();

  system = await start({ dataDir });
  expect(await testedChannel(system, id)).toMatchObject(delivered);
  expect(resend.emails()).toMatchObject(Array.from({ length: 3 }, () => ({ from: "alerts@example.org", to: ["ada@example.com"] })));
  expect(new Set(resend.emails().map(({ key }) => key)).size).toBe(3);
  expect(system.output()).not.toContain(API_KEY);
}, 120_000);
