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

test("only the configuration reads the environment", () => {
  const readers = sources.filter(
    (file) =>
      /^(shared|functions)\//.test(file) &&
      !file.endsWith(".test.ts") &&
      !file.startsWith("shared/testing/") &&
      /process\.env/.test(readFileSync(join(ROOT, file), "utf8")),
  );
  expect(readers).toEqual(["shared/runtime/config.ts"]);
});

test("core, contract, functions and the store take no time or chance from the air", () => {
  const takers = sources.filter(
    (file) =>
      /^(shared\/(core|contract|store)|functions)\//.test(file) &&
      !file.endsWith(".test.ts") &&
      /\bDate\.now\(|new Date\(\)|Math\.random\(/.test(readFileSync(join(ROOT, file), "utf8")),
  );
  expect(takers).toEqual([]);
});

test("SQL stands in shared/store and migrations only", () => {
  const writers = sources.filter(
    (file) =>
      /^(shared|functions)\//.test(file) &&
      !/^shared\/(store|testing)\//.test(file) &&
      !file.endsWith(".test.ts") &&
      /\b(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM) /.test(readFileSync(join(ROOT, file), "utf8")),
  );
  expect(writers).toEqual([]);
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
