import * as v from "valibot";

/** Who did it. */
export const Actor = v.strictObject({ kind: v.picklist(["key", "user"]), id: v.string(), name: v.optional(v.string()) });
export type Actor = v.InferOutput<typeof Actor>;
