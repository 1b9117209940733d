import { dirname, join, normalize, sep } from "node:path";

/** The layers, by the folder (or file) that a path starts with; the first that fits. */
const LAYERS = [
  ["shared/contract", "contract"],
  ["shared/core", "core"],
  ["shared/ports", "ports"],
  ["shared/store", "store"],
  ["shared/bus", "bus"],
  ["shared/net", "net"],
  ["shared/forecasters", "forecasters"],
  ["shared/charts", "charts"],
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
  charts: ADAPTER,
  route: ["ports", "core", "contract"],
  runtime: ["route", "store", "bus", "net", "forecasters", "charts", "ports", "core", "contract"],
  functions: ["route", "ports", "core", "contract", "docs"],
  testing: "anything",
  top: "anything",
  web: ["contract"],
  docs: [],
};
/** Packages that a layer may import; the others may import what package.json has. Node's own modules are free, but for core's, which does no I/O. */
const PACKAGES: Readonly<Partial<Record<Layer, readonly string[]>>> = {
  contract: ["valibot"],
  core: ["valibot", "croner", "mustache", "re2js", "snappy", "node:crypto", "node:zlib"],
  ports: [],
  functions: ["valibot", "node:buffer", "node:fs/promises", "node:module"],
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
