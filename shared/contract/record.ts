import * as v from "valibot";

/** Names that valibot leaves out of records, and says nothing. */
export const UNSAFE_NAMES: readonly string[] = ["__proto__", "constructor", "prototype"];
const MESSAGE = "Expected another name than __proto__, constructor and prototype";

/**
 * As v.record, but a name that it would leave out in silence is refused: what came in is kept, or complained of.
 *
 * @param name - Of each member.
 * @param value - Of each member.
 */
export function record<
  const Name extends v.BaseSchema<string, string | number | symbol, v.BaseIssue<unknown>>,
  const Value extends v.GenericSchema,
>(name: Name, value: Value): v.RecordSchema<Name, Value, undefined> {
  const schema = v.record(name, value);
  return {
    ...schema,
    "~run"(dataset, config) {
      const input = dataset.value;
      const isObject = typeof input === "object" && input !== null;
      const unsafe = isObject ? UNSAFE_NAMES.find((unsafeName) => Object.hasOwn(input, unsafeName)) : undefined;
      if (unsafe === undefined) return schema["~run"](dataset, config);
      const path = [{ type: "object", origin: "key", input, key: unsafe, value: (input as Record<string, unknown>)[unsafe] }];
      v._addIssue(this, "key", dataset, config, { message: MESSAGE, path: path as never });
      return dataset as never;
    },
  };
}
