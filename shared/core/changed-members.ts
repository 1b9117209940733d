import { canonicalJson } from "./hash-id.ts";

/** A member that differs; undefined where one side lacks it. */
export interface MemberChange {
  /** Dotted, such as `condition.value`; indices of `routes` in brackets. Empty where the values themselves are no objects. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * The members in which two JSON values differ, as deep as both are objects, or lists of objects that are named `routes`; other lists are
 * compared as a whole.
 *
 * @returns By their place in `before`, then those that `after` alone has.
 */
export function changedMembers(before: unknown, after: unknown, path = ""): readonly MemberChange[] {
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) => changedMembers(before[name], after[name], path === "" ? name : `${path}.${name}`));
  }
  if (/(^|\.)routes$/.test(path) && Array.isArray(before) && Array.isArray(after)) {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, n) =>
      changedMembers(before[n] as unknown, after[n] as unknown, `${path}[${n}]`),
    ).flat();
  }
  return before === after || canonicalJson([before ?? null]) === canonicalJson([after ?? null]) ? [] : [{ path, before, after }];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
