import type { Matcher } from "../../contract/series.ts";
import type { Result } from "../result.ts";
import { compileMatchers } from "../series/matchers.ts";
import type { BadPattern } from "../series/matchers.ts";
import type { Labels } from "./policies.ts";

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
