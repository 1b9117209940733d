import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { LocalConfig } from "../../shared/runtime/config.ts";
import { readAddress, wrongAddress } from "./address.ts";

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "address-"));
  await writeFile(
    join(dataDir, "local.json"),
    '{"url": "http://127.0.0.1:8080", "apiKey": "iv_local", "platformKey": "iv_p", "orgId": "org_000000000000000000000000"}',
  );
});
afterEach(() => rm(dataDir, { recursive: true }));

const URL = "https://metrics.example";
test.each([
  ["nothing is given", {}, {}, { url: "http://127.0.0.1:8080", key: "iv_local", org: "org_000000000000000000000000" }],
  ["a key is given", { key: "iv_mine" }, {}, { url: "http://127.0.0.1:8080", key: "iv_mine", org: null }],
  [
    "the environment has a key, but no address is given",
    {},
    { apiKey: "iv_env" },
    { url: "http://127.0.0.1:8080", key: "iv_local", org: "org_000000000000000000000000" },
  ],
  ["both are given", { url: `${URL}/`, key: "iv_mine" }, { apiKey: "iv_env" }, { url: URL, key: "iv_mine", org: null }],
  ["the environment has the key of an address", { url: URL }, { apiKey: "iv_env" }, { url: URL, key: "iv_env", org: null }],
])("where %s it is sent to the right system, with its own key", async (_, asked, environment, expected) => {
  const config: LocalConfig = { port: 0, dataDir, underNpm: false, ...environment };
  const address = { url: undefined, key: undefined, ...asked };
  expect(wrongAddress(address, config)).toBeNull();
  expect(await readAddress(address, config)).toEqual(expected);
});

test("the local system's key is shown to no other one", () => {
  expect(wrongAddress({ url: URL, key: undefined }, { apiKey: undefined })).toMatch("--url needs its --key");
});

test("where no system runs it is said", async () => {
  const config = { port: 0, dataDir: join(dataDir, "none"), underNpm: false };
  await expect(readAddress({ url: undefined, key: undefined }, config)).rejects.toThrow("start it with npm start");
});
