import * as v from "valibot";
import { route } from "../../shared/runtime/route.ts";

export const isAlive = route({
  method: "GET",
  path: "/health",
  summary: "Answers while the process lives",
  scope: "none",
  input: v.strictObject({}),
  output: v.strictObject({ status: v.literal("ok") }),
  problems: [],

  handle: async () => ({ status: "ok" as const }),
});
