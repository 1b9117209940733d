import * as v from "valibot";
import type { DeadLetter } from "../../shared/contract/dead-letter.ts";
import { DeadLetterId } from "../../shared/contract/ids.ts";
import { IngestAnswer } from "../../shared/contract/ingest.ts";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import { readLineLetter } from "../../shared/core/ingest/influx-points.ts";
import type { Deps } from "../../shared/ports.ts";
import { route } from "../../shared/runtime/route.ts";
import type { TenantContext } from "../../shared/runtime/route.ts";
import { gatherLines } from "./influx.ts";
import { judge, takeIn } from "./take-in.ts";

export const replayDeadLetter = route({
  method: "POST",
  path: "/api/v1/dead-letters/{id}/replay",
  summary: "Take a refused point in after all, if it is accepted by now",
  scope: "admin",
  input: v.strictObject({ id: DeadLetterId }),
  output: IngestAnswer,
  problems: ["not-found", "nothing-accepted"],

  async handle({ id }, context, deps) {
    const { deadLetters } = deps.store.forOrg(context.org);
    const letter = await deadLetters.get(id);
    if (letter === null) throw notFound();

    const { answer, stays } = await (replayLine(letter, context, deps) ?? replayMetric(letter, context, deps));
    if (answer.accepted === 0) throw new Problem("nothing-accepted", "The point is refused again.", { members: answer });
    if (!stays) await deadLetters.remove(id);
    return answer;
  },
});

interface Replayed {
  readonly answer: IngestAnswer;
  /** Something of it is refused again: the letter is about that from now on. */
  readonly stays: boolean;
}

async function replayMetric(letter: DeadLetter, { org }: TenantContext, { store, clock }: Deps): Promise<Replayed> {
  const tenant = store.forOrg(org);
  const at = clock.now();
  const { points, rejected } = await judge([parsed(letter.payload)], at, tenant);
  const refused = rejected.map(({ path, message }) => ({
    source: letter.source,
    reason: path === "" ? message : `${path}: ${message}`,
    payload: letter.payload,
  }));
  await tenant.points.append({ points, rejected: refused, at });
  return { answer: { accepted: points.timestamps.length, rejected: rejected.length, errors: [...rejected] }, stays: false };
}

/**
 * A line of Influx's is read again as it came; one without a time is of the time at which it came first.
 * @returns null where the letter is no line.
 * @throws Problem nothing-accepted where the line was cut: a part of it may read as another.
 */
function replayLine(letter: DeadLetter, context: TenantContext, deps: Deps): Promise<Replayed> | null {
  if (letter.source !== "influx") return null;
  const payload = parsed(letter.payload);
  if (typeof payload === "string") throw new Problem("nothing-accepted", "The line was cut when it was kept: send it again.");
  const kept = readLineLetter(payload);
  if (kept === null) return null;
  const brought = gatherLines(Buffer.from(kept.line), { ...kept, at: Date.parse(letter.createdAt) }, context, deps);
  return takeIn(letter.source, brought.intake, context, deps).then(({ points, rejected, rejections }) => ({
    answer: {
      accepted: points.timestamps.length,
      rejected: rejections,
      errors: rejected.map(({ reason }) => ({ index: 0, path: "", message: reason })),
    },
    stays: rejected.some(({ payload }) => payload === letter.payload),
  }));
}

/** A payload that was cut is no JSON any more: it is then judged as the text that it is. */
function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}
