import { RE2JS } from "re2js";
import type { Dimensions, Matcher } from "../../contract/series.ts";
import type { Result } from "../result.ts";

export interface BadPattern {
  readonly reason: "bad-pattern";
  /** Which of the matchers. */
  readonly index: number;
  readonly message: string;
}

/** Instructions of a compiled pattern: any text that a matcher may have is fewer, and one that says `.{0,1000}`; repetitions can be a million. */
const MOST_INSTRUCTIONS = 2_100;
const TOO_LARGE = "The pattern is too large: its repetitions together make more than RE2 can try in a moment";

/**
 * Compiles matchers into one predicate that all of them must hold for.
 *
 * A dimension that a series lacks equals the empty string; patterns are anchored, as in Prometheus. RE2 runs in time linear in the
 * value times the pattern as it is compiled, which is bounded: a tenant's pattern cannot stall the process.
 *
 * @returns The predicate, or which pattern RE2 refuses, or is too large.
 */
export function compileMatchers(matchers: readonly Matcher[]): Result<(dimensions: Dimensions) => boolean, BadPattern> {
  const tests: ((dimensions: Dimensions) => boolean)[] = [];
  for (const [index, { name, op, value }] of matchers.entries()) {
    // Own members alone: a dimension may be called toString, which every object has another one of.
    const valueIn = (dimensions: Dimensions) => (Object.hasOwn(dimensions, name) ? dimensions[name]! : "");
    if (op === "=") tests.push((dimensions) => valueIn(dimensions) === value);
    else if (op === "!=") tests.push((dimensions) => valueIn(dimensions) !== value);
    else {
      const wanted = op === "=~";
      try {
        const pattern = RE2JS.compile(value);
        if (pattern.programSize() > MOST_INSTRUCTIONS) return { ok: false, error: { reason: "bad-pattern", index, message: TOO_LARGE } };
        tests.push((dimensions) => pattern.matches(valueIn(dimensions)) === wanted);
      } catch (error) {
        return { ok: false, error: { reason: "bad-pattern", index, message: error instanceof Error ? error.message : String(error) } };
      }
    }
  }
  return { ok: true, value: (dimensions) => tests.every((test) => test(dimensions)) };
}
