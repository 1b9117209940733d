import * as v from "valibot";
import { DeadLetterId } from "../../shared/contract/ids.ts";
import { IngestAnswer } from "../../shared/contract/ingest.ts";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { judge } from "./take-in.ts";

export const replayDeadLetter = route({
  method: "POST",
  path: "/api/v1/dead-letters/{id}/replay",
  summary: "Take a refused point in after all, if it is accepted by now",
  scope: "admin",
  input: v.strictObject({ id: DeadLetterId }),
  output: IngestAnswer,
  problems: ["not-found", "nothing-accepted"],

  async handle({ id }, { org }, { store, clock }) {
    const tenant = store.forOrg(org);
    const letter = await tenant.deadLetters.get(id);
    if (letter === null) throw notFound();
    const at = clock.now();

    const { points, rejected } = await judge([parsed(letter.payload)], at, tenant);
    const answer = { accepted: points.timestamps.length, rejected: rejected.length, errors: [...rejected] };
    const refused = rejected.map(({ path, message }) => ({
      source: letter.source,
      reason: path === "" ? message : `${path}: ${message}`,
      payload: letter.payload,
    }));
    await tenant.points.append({ points, rejected: refused, at });
    if (points.timestamps.length === 0) throw new Problem("nothing-accepted", "The point is refused again.", { members: answer });
    await tenant.deadLetters.remove(id);
    return answer;
  },
});

/** A payload that was cut is no JSON any more: it is then judged as the text that it is. */
function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}
