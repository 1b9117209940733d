import type { Statement } from "./database.ts";

/** Strings, quoted names and comments, which hide what looks like a parameter; and parameters. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[^]*?\*\/|:([A-Za-z_]\w*)/g;

const MOST_KNOWN = 1_000;
const known = new Map<string, readonly string[]>();

/**
 * Refuses a statement whose arguments are not exactly those that its text names: an embedded database binds NULL for a missing one
 * and ignores a spare one, a remote one refuses both.
 *
 * @throws Error with the names, and no values.
 */
export function checkArguments({ sql, args }: Statement): void {
  let names = known.get(sql);
  if (names === undefined) {
    names = parametersOf(sql);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(sql, names);
  }
  const given = Object.keys(args);
  if (given.length === names.length && names.every((name) => args[name] !== undefined)) return;

  const missing = names.filter((name) => args[name] === undefined);
  const spare = given.filter((name) => !names.includes(name));
  throw new Error(`A statement's arguments do not fit: missing [${missing.join(", ")}], spare [${spare.join(", ")}] in ${sql.trim()}`);
}

const parametersOf = (sql: string): string[] => [...new Set([...sql.matchAll(TOKEN)].flatMap(([, name]) => name ?? []))];
