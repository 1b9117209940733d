import { describe, expect, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { violations } from "./architecture.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

const sources = ["shared", "functions", "tools", "e2e", "benchmarks"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).split(sep).join("/")),
);

test("no file imports what its layer may not", () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.flatMap((file) => violations(file, readFileSync(join(ROOT, file), "utf8")))).toEqual([]);
});

/** Files that are no tests, below some folders, with a pattern in them. */
const filesWith = (pattern: RegExp, folders: RegExp): string[] =>
  sources.filter((file) => folders.test(file) && !file.endsWith(".test.ts") && pattern.test(readFileSync(join(ROOT, file), "utf8")));

test("only the configuration reads the environment", () => {
  expect(filesWith(/process\.env/, /^(shared\/(?!testing\/)|functions\/)/)).toEqual(["shared/runtime/config.ts"]);
});

test("core, contract, functions and the store take no time or chance from the air", () => {
  const taken = /\bDate\.now\(|new Date\(\)|Math\.random\(|random(?:UUID|Bytes|Int)\(|getRandomValues\(/;
  expect(filesWith(taken, /^(shared\/(core|contract|store)|functions)\//)).toEqual([]);
  // The pattern finds those who may.
  expect(filesWith(taken, /^shared\/runtime\//)).toContain("shared/runtime/deps.ts");
});

test("SQL stands in shared/store and migrations only", () => {
  const sql = /\b(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\s/;
  expect(filesWith(sql, /^(functions\/|shared\/(?!store\/|testing\/))/)).toEqual([]);
  expect(filesWith(sql, /^shared\/store\//)).toContain("shared/store/leases.ts");
});

test("the manifest is data: it imports nothing", () => {
  expect(readFileSync(join(ROOT, "functions/manifest.ts"), "utf8")).not.toMatch(/\bimport\b/);
});

describe("the canary: what must be refused is refused", () => {
  test.each([
    ["shared/core/x.ts", 'import { openDatabase } from "../store/database.ts";'],
    ["shared/core/x.ts", 'import type { Store } from "../ports/store.ts";'],
    ["shared/core/x.ts", 'import { readFile } from "node:fs/promises";'],
    ["shared/contract/x.ts", 'import { hashId } from "../core/hash-id.ts";'],
    ["shared/contract/x.ts", 'export { hashId } from "../core/hash-id.ts";'],
    ["shared/store/x.ts", 'import { createPubSubBus } from "../bus/pubsub.ts";'],
    ["shared/ports.ts", 'import type { Database } from "./store/database.ts";'],
    ["functions/ingest/x.ts", 'import { listSeries } from "../series/list.ts";'],
    ["functions/ingest/x.ts", 'import { createRuntime } from "../../shared/runtime/deps.ts";'],
    ["functions/ingest/x.ts", 'import {\n  openDatabase,\n} from "../../shared/store/database.ts";'],
    ["functions/ingest/x.ts", 'const { createClient } = await import("@libsql/client");'],
    ["functions/ingest/x.ts", 'import { startHarness } from "../../shared/testing/harness.ts";'],
    ["functions/ingest/x.ts", 'import { http } from "../../shared/runtime/route";'],
    ["shared/runtime/route.ts", 'import { createLog } from "./log.ts";'],
    ["stray/x.ts", ""],
  ])("%s: %s", (file, text) => {
    expect(violations(file, text)).toHaveLength(1);
  });

  test("and what may be imported is not", () => {
    expect(
      violations("functions/ingest/x.ts", 'import { http } from "../../shared/runtime/route.ts";\nimport { y } from "./y.ts";'),
    ).toEqual([]);
    expect(violations("functions/ingest/x.test.ts", 'import { startHarness } from "../../shared/testing/harness.ts";')).toEqual([]);
  });
});
