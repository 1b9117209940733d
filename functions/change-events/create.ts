import { ChangeEvent, ChangeEventDefinition, LONGEST_CHANGE_MS } from "../../shared/contract/change-event.ts";
import type { ChangeEventId } from "../../shared/contract/ids.ts";
import { invalid, Problem } from "../../shared/contract/problem.ts";
import type { ChangeRecord } from "../../shared/core/alert/changes.ts";
import { MAX_CHANGE_EVENTS } from "../../shared/ports/change-events.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeAnswer } from "./change-answer.ts";
import { KEPT_DAYS, KEPT_MS } from "./forget.ts";

/** A change may be told of so long before it comes, as points may. */
const AHEAD_DAYS = 7;
const AHEAD_MS = AHEAD_DAYS * 86_400_000;

export const createChangeEvent = route({
  method: "POST",
  path: "/api/v1/change-events",
  summary: "Tell of a change in what is watched: a deployment, a flag, a configuration; alerts near it name it",
  scope: "write",
  input: ChangeEventDefinition,
  output: ChangeEvent,
  location: ({ id }) => `/api/v1/change-events/${id}`,
  idempotency: "reserve",
  problems: ["limit-reached"],

  async handle({ at: given, ...definition }, { org, actor }, { store, clock, newId }) {
    const now = clock.now();
    const at = given ?? now;
    requireTimes({ at, endAt: definition.endAt }, now);
    const change: ChangeRecord = { ...definition, id: newId<ChangeEventId>("chg"), at, createdBy: actor, createdAt: now };
    if (!(await store.forOrg(org).changeEvents.insert(change))) {
      throw new Problem(
        "limit-reached",
        `An organisation may have ${MAX_CHANGE_EVENTS} change events; they are kept for ${KEPT_DAYS} days.`,
      );
    }
    return changeAnswer(change);
  },
});

/** @throws Problem validation-failed for a change that would be forgotten at once, lies far ahead, or ends before it begins. */
function requireTimes({ at, endAt }: Pick<ChangeRecord, "at" | "endAt">, now: number): void {
  if (at < now - KEPT_MS) throw invalid([{ path: "at", message: `Expected a time of the last ${KEPT_DAYS} days` }]);
  if (at > now + AHEAD_MS) throw invalid([{ path: "at", message: `Expected a time at most ${AHEAD_DAYS} days ahead` }]);
  if (endAt === null) return;
  if (endAt <= at) throw invalid([{ path: "endAt", message: "Expected a time after at" }]);
  if (endAt > at + LONGEST_CHANGE_MS) {
    throw invalid([{ path: "endAt", message: `Expected a time at most ${LONGEST_CHANGE_MS / 86_400_000} days after at` }]);
  }
}
