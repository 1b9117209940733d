import { describe, expect, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** The layers, by the folder (or file) that a path starts with; the first that fits. */
const LAYERS = [
  ["shared/contract", "contract"],
  ["shared/core", "core"],
  ["shared/ports", "ports"],
  ["shared/store", "store"],
  ["shared/bus", "bus"],
  ["shared/net", "net"],
  ["shared/forecasters", "forecasters"],
  ["shared/runtime/route.ts", "route"],
  ["shared/runtime", "runtime"],
  ["shared/testing", "testing"],
  ["functions", "functions"],
  ["tools", "top"],
  ["e2e", "top"],
  ["benchmarks", "top"],
  ["web", "web"],
  ["docs", "docs"],
] as const;
type Layer = (typeof LAYERS)[number][1];

const ADAPTER = ["ports", "core", "contract"] as const;
/** Who may import whom, beside its own layer. */
const ALLOWED: Readonly<Record<Layer, readonly Layer[] | "anything">> = {
  contract: [],
  core: ["contract"],
  ports: ["core", "contract"],
  store: ADAPTER,
  bus: ADAPTER,
  net: ADAPTER,
  forecasters: ADAPTER,
  route: ["ports", "core", "contract"],
  runtime: ["route", "store", "bus", "net", "forecasters", "ports", "core", "contract"],
  functions: ["route", "ports", "core", "contract", "docs"],
  testing: "anything",
  top: "anything",
  web: ["contract"],
  docs: [],
};
/** Packages that a layer may import; the others may import what package.json has. Node's own modules are free, but for core's, which does no I/O. */
const PACKAGES: Readonly<Partial<Record<Layer, readonly string[]>>> = {
  contract: ["valibot"],
  core: ["valibot", "re2js", "node:crypto", "node:zlib"],
  ports: [],
  functions: ["valibot", "node:fs/promises", "node:module"],
};

interface Violation {
  readonly file: string;
  readonly imports: string;
  readonly why: string;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^;"']*?from\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;

/** What a file of the tree imports that it may not; type imports count. */
export function violations(file: string, text: string): Violation[] {
  const layer = layerOf(file);
  if (layer === null) return [{ file, imports: "", why: "stands in no layer" }];
  const isTest = file.endsWith(".test.ts");
  const found: Violation[] = [];
  for (const match of text.matchAll(IMPORT)) {
    const imports = (match[1] ?? match[2] ?? match[3])!;
    const why = refusal(file, layer, isTest, imports);
    if (why !== null) found.push({ file, imports, why });
  }
  return found;
}

function refusal(file: string, layer: Layer, isTest: boolean, imports: string): string | null {
  if (isTest) return null;
  if (!imports.startsWith(".")) {
    const packages = PACKAGES[layer];
    return packages === undefined || packages.includes(imports) ? null : `${layer} may not import the package ${imports}`;
  }
  if (!/\.(ts|json)$/.test(imports)) return "an import names its file with its ending";
  const target = normalize(join(dirname(file), imports))
    .split(sep)
    .join("/");
  const to = layerOf(target);
  if (to === null) return `${target} stands in no layer`;
  if (to === "testing" && layer !== "testing" && layer !== "top") return "only tests import shared/testing";
  if (layer === "functions" && to === "functions") {
    const [own, other] = [file.split("/")[1], target.split("/")[1]];
    return own === other || file === "functions/manifest.ts" ? null : "a function never imports another's folder";
  }
  const allowed = ALLOWED[layer];
  return to === layer || allowed === "anything" || allowed.includes(to) ? null : `${layer} may not import ${to}`;
}

function layerOf(path: string): Layer | null {
  const found = LAYERS.find(([prefix]) => path === prefix || path === `${prefix}.ts` || path.startsWith(`${prefix}/`));
  return found?.[1] ?? null;
}

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
