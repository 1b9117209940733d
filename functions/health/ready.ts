import * as v from "valibot";
import { route } from "../../shared/runtime/route.ts";

/** An event that has waited so long means that nobody is working events off. */
const STUCK_MS = 5 * 60_000;

const Part = v.picklist(["ok", "stuck"]);

export const isReady = route({
  method: "GET",
  path: "/health/ready",
  summary: "Answers ok when the store does and events are being worked off",
  scope: "none",
  input: v.strictObject({}),
  output: v.strictObject({ status: Part, store: v.literal("ok"), bus: Part }),
  problems: [],

  async handle(_input, _context, { store, clock }) {
    const [oldest] = await store.platform.events.pending({ after: 0, limit: 1 });
    const bus: v.InferOutput<typeof Part> = oldest !== undefined && oldest.event.at < clock.now() - STUCK_MS ? "stuck" : "ok";
    return { status: bus, store: "ok" as const, bus };
  },
});
