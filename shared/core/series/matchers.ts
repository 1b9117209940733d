import { RE2JS } from "re2js";
import type { Dimensions, Matcher } from "../../contract/series.ts";
import type { Result } from "../result.ts";

export interface BadPattern {
  readonly reason: "bad-pattern";
  /** Which of the matchers. */
  readonly index: number;
  readonly message: string;
}

/**
 * Compiles matchers into one predicate that all of them must hold for.
 *
 * A dimension that a series lacks equals the empty string; patterns are anchored, as in Prometheus. RE2 runs in time linear in the
 * value, so a tenant's pattern cannot stall the process.
 *
 * @returns The predicate, or which pattern RE2 refuses.
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
        tests.push((dimensions) => pattern.matches(valueIn(dimensions)) === wanted);
      } catch (error) {
        return { ok: false, error: { reason: "bad-pattern", index, message: error instanceof Error ? error.message : String(error) } };
      }
    }
  }
  return { ok: true, value: (dimensions) => tests.every((test) => test(dimensions)) };
}
