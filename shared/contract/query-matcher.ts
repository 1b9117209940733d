import * as v from "valibot";
import type { Matcher } from "./series.ts";

const TEXT = /^([A-Za-z_][A-Za-z0-9_.-]{0,99})(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"$/;

/** Reads a matcher as it stands in a query, such as `region=~"eu.*"`; null when it is none. */
export function parseMatcher(text: string): Matcher | null {
  const match = TEXT.exec(text);
  if (!match) return null;
  return { name: match[1]!, op: match[2] as Matcher["op"], value: match[3]!.replaceAll(/\\(["\\])/g, "$1") };
}

/** A matcher in a query string. */
export const QueryMatcher = v.pipe(
  v.string(),
  v.maxLength(2_000),
  v.check((text) => parseMatcher(text) !== null, 'Expected a matcher such as region=~"eu.*"'),
  v.transform((text) => parseMatcher(text)!),
);
