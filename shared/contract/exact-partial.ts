import * as v from "valibot";

/** Members of an object, each of which may be left out, but not be undefined. */
export const exactPartial = <const Entries extends Readonly<Record<string, v.GenericSchema>>>(entries: Entries) =>
  Object.fromEntries(Object.entries(entries).map(([name, schema]) => [name, v.exactOptional(schema)])) as {
    readonly [Name in keyof Entries]: v.ExactOptionalSchema<Entries[Name], undefined>;
  };
