import * as v from "valibot";

const digits = (least: number, most: number) =>
  v.pipe(v.string(), v.regex(/^\d{1,9}$/, "Expected a whole number"), v.transform(Number), v.minValue(least), v.maxValue(most));

/** A whole number in a query string. */
export const queryInteger = digits;

/** A parameter that may be repeated: one text or many. */
export const many = <const Item extends v.GenericSchema<string, unknown>>(item: Item, most: number) =>
  v.pipe(
    v.union([v.string(), v.array(v.string())]),
    v.transform((given) => (typeof given === "string" ? [given] : given)),
    v.pipe(v.array(item), v.maxLength(most)),
  );

export const Cursor = v.pipe(v.string(), v.minLength(1), v.maxLength(500));

/** The members that every list query takes: 100 items a page, 1,000 at most. */
export const pageQuery = { limit: v.optional(digits(1, 1_000), "100"), cursor: v.optional(Cursor) };

export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A page of a list: its items and the cursor of the next page, null on the last. */
export const page = <const Item extends v.GenericSchema>(item: Item) =>
  v.strictObject({ items: v.pipe(v.array(item), v.maxLength(1_000)), nextCursor: v.nullable(Cursor) });

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}
