import type { Matcher } from "../../contract/series.ts";
import type { Result } from "../result.ts";
import { compileMatchers } from "../series/matchers.ts";
import type { BadPattern } from "../series/matchers.ts";
import type { Labels } from "./policies.ts";
import type { Flaw } from "./routes.ts";

const MOST_CACHED = 2_000;

const compiled = new Map<string, ReturnType<typeof compileMatchers>>();

/**
 * As compileMatchers, which costs more than the answers of what it makes: the same matchers are asked for at each flush and each alert, and
 * compiled once.
 */
export function labelMatchers(matchers: readonly Matcher[]): Result<(labels: Labels) => boolean, BadPattern> {
  const text = JSON.stringify(matchers);
  let known = compiled.get(text);
  if (known === undefined) {
    known = compileMatchers(matchers);
    if (compiled.size >= MOST_CACHED) compiled.clear();
    compiled.set(text, known);
  }
  return known;
}

const HIDES_ALL = "Expected at least one matcher that does not match the empty text: these match every alert that lacks their labels";

/**
 * Compiles the matchers of something that hides. Where each of them matches the empty text they are refused: together they hide what has
 * none of their labels, which is almost everything. An empty list says so itself.
 *
 * @param path - Of the list.
 * @see Prometheus Alertmanager, silence validation: at least one matcher must not match the empty string.
 */
export function hidingMatchers(path: string, matchers: readonly Matcher[]): Result<(labels: Labels) => boolean, Flaw> {
  const hiding = labelMatchers(matchers);
  if (!hiding.ok) return { ok: false, error: { path: `${path}[${hiding.error.index}].value`, message: hiding.error.message } };
  return matchers.length > 0 && hiding.value({}) ? { ok: false, error: { path, message: HIDES_ALL } } : hiding;
}
