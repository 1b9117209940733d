import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { fieldErrors } from "../../shared/contract/problem.ts";
import { isMembers, KINDS, pathKeys, pathText, placeholderOf, RESOURCES, withReferences } from "./kinds.ts";
import type { Kind, Members } from "./kinds.ts";
import { readYaml } from "./lines.ts";
import type { YamlFile } from "./lines.ts";
import { hiding, resolveSecrets } from "./secrets.ts";

/** A monitor that a directory asks for. */
export interface Wanted {
  readonly kind: Kind;
  /** Of its kind no other has it; of the tree of routes it is empty. */
  readonly name: string;
  /** As it would be stored, references as placeholders; of a channel what can be read of it. */
  readonly definition: Members;
  /** As the API takes it, references as placeholders. */
  readonly body: Members;
  /** The names of what it refers to, by placeholder. */
  readonly names: ReadonlyMap<string, string>;
  /** A sentence about a part of it, with its file, its line and its name; values of the environment are hidden. */
  complaint(path: readonly (string | number)[], message: string): string;
}

/** What a directory asks for. @throws Error with a line for each thing that is wrong. */
export async function readDirectory(directory: string, env: Readonly<Record<string, string | undefined>>): Promise<readonly Wanted[]> {
  const paths = await yamlFiles(directory);
  if (paths.length === 0) throw new Error(`${directory} has no file that ends in .yaml or .yml.`);
  const files = await Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, "utf8") })));
  return readFiles(files, env);
}

async function yamlFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${directory} cannot be read: ${error.code ?? error.message}.`, { cause: error });
  });
  return entries
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** As readDirectory, of files that are read. */
export function readFiles(
  files: readonly { readonly path: string; readonly text: string }[],
  env: Readonly<Record<string, string | undefined>>,
): readonly Wanted[] {
  const flaws: string[] = [];
  const wanted = files.flatMap(({ path, text }) => {
    const file = readYaml(text);
    if ("flaws" in file) {
      flaws.push(...file.flaws.map(({ line, message }) => `${path}:${line}: ${message}`));
      return [];
    }
    return monitorsOf(path, file, env, flaws);
  });
  const seen = new Map<string, Wanted>();
  for (const one of wanted) {
    const key = `${one.kind} ${one.name}`;
    if (seen.has(key))
      flaws.push(one.complaint(["name"], one.kind === "routes" ? "There is one tree already" : "Another one has this name"));
    else seen.set(key, one);
  }
  if (flaws.length > 0) throw new Error(flaws.join("\n"));
  return wanted;
}

function monitorsOf(path: string, file: YamlFile, env: Readonly<Record<string, string | undefined>>, flaws: string[]): readonly Wanted[] {
  const { content, lineOf } = file;
  // A file of comments alone.
  if (content === null) return [];
  const sections = KINDS.map((kind) => RESOURCES[kind].section).join(", ");
  const refuse = (at: readonly (string | number)[], message: string) => void flaws.push(`${path}:${lineOf(at)}: ${message}`);
  if (!isMembers(content)) {
    refuse([], `Expected sections: ${sections}`);
    return [];
  }
  for (const section of Object.keys(content)) {
    if (!KINDS.some((kind) => RESOURCES[kind].section === section)) refuse([section], `There is no section ${section}, only ${sections}`);
  }
  return KINDS.flatMap((kind) => {
    const { section, one } = RESOURCES[kind];
    const written = content[section];
    if (written === undefined || written === null) return [];
    if (kind === "routes") return monitorOf({ kind, written, at: [section] }, { path, lineOf }, env, flaws);
    if (!Array.isArray(written)) {
      refuse([section], `Expected a list, each with its name: one ${one} an entry`);
      return [];
    }
    return written.flatMap((entry: unknown, n) => monitorOf({ kind, written: entry, at: [section, n] }, { path, lineOf }, env, flaws));
  });
}

function monitorOf(
  { kind, written, at }: { readonly kind: Kind; readonly written: unknown; readonly at: readonly (string | number)[] },
  { path: file, lineOf }: Pick<YamlFile, "lineOf"> & { readonly path: string },
  env: Readonly<Record<string, string | undefined>>,
  flaws: string[],
): readonly Wanted[] {
  const given = isMembers(written) ? written["name"] : undefined;
  const called = `${RESOURCES[kind].one}${kind === "routes" || typeof given !== "string" ? "" : ` ${JSON.stringify(given)}`}`;
  const secrets = kind === "channel" && isMembers(written) ? resolveSecrets(written["kind"], written["config"], env) : null;
  const complaint = (path: readonly (string | number)[], message: string): string => {
    const where = path.length === 0 ? "" : `${pathText(path)}: `;
    return `${file}:${lineOf([...at, ...path])}: ${called}: ${hiding(secrets?.values ?? new Map<string, string>(), `${where}${message}`)}`;
  };
  if (!isMembers(written)) {
    flaws.push(complaint([], "Expected members"));
    return [];
  }
  const names = new Map<string, string>();
  const { config: _, ...unconfigured } = written;
  const resolved =
    secrets === null ? written : { ...unconfigured, ...("config" in written ? { config: configOf(written, secrets.config) } : {}) };
  const body = withReferences(kind, resolved, ({ kind: referred, value }) => {
    const placeholder = placeholderOf(referred, value);
    names.set(placeholder, value);
    return placeholder;
  });
  if (secrets !== null && secrets.flaws.length > 0) {
    flaws.push(...secrets.flaws.map(({ path, message }) => complaint(path, message)));
    return [];
  }
  const parsed = v.safeParse(RESOURCES[kind].definition, body);
  if (!parsed.success) {
    flaws.push(...fieldErrors(parsed.issues).map(({ path, message }) => complaint(pathKeys(path), message)));
    return [];
  }
  const definition = readableOf(kind, parsed.output as Members);
  return [{ kind, name: kind === "routes" ? "" : (definition["name"] as string), definition, body, names, complaint }];
}

/** A webhook that says no format has the one of its own: left out, the one that was there would stay. */
const configOf = ({ kind }: Members, config: unknown): unknown =>
  kind === "webhook" && isMembers(config) ? { format: "intentvision", ...config } : config;

/** What can be read back of a definition: of a channel not its configuration. */
export function readableOf(kind: Kind, definition: Members): Members {
  if (kind !== "channel") return definition;
  const { name, kind: of, enabled, fallback, stormLimit } = definition;
  return { name, kind: of, enabled, fallback, stormLimit };
}
