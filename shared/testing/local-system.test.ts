import { existsSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { startLocalSystem } from "./local-system.ts";

test("the real system starts, answers its key, ends when asked to, and starts again with its data after it was killed", async () => {
  const first = await startLocalSystem();
  const ask = async ({ url, apiKey }: { url: string; apiKey: string }) =>
    (await fetch(`${url}/api/v1/org`, { headers: { "X-API-Key": apiKey } })).json();
  expect(await ask(first)).toMatchObject({ id: first.orgId });
  // It is ready before the terminal says so.
  while (!first.output().includes(first.url)) await new Promise(setImmediate);
  await first.kill();

  const second = await startLocalSystem({ dataDir: first.dataDir });
  expect(await ask(second)).toMatchObject({ id: first.orgId });
  expect(await second.stop()).toBe(0);
  await second.remove();
  expect(existsSync(first.dataDir)).toBe(false);
}, 60_000);

test("a system that does not start says what it printed", async () => {
  await expect(startLocalSystem({ env: { PORT: "nowhere" } })).rejects.toThrow(/PORT/);
});
