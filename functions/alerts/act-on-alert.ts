import type { Actor } from "../../shared/contract/actor.ts";
import type { Alert } from "../../shared/contract/alert.ts";
import type { AlertId, CommentId } from "../../shared/contract/ids.ts";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import type { Instance, Step } from "../../shared/core/alert/step.ts";
import { toldAlert } from "../../shared/core/message/told-alert.ts";
import { untilWon } from "../../shared/core/until-won.ts";
import type { NewId } from "../../shared/ports.ts";
import type { CommentRecord } from "../../shared/ports/alerting.ts";
import type { OrgStore } from "../../shared/ports/store.ts";

/** The actor of a request, under the name that it gave. */
export const namedActor = (actor: Actor, name: string | undefined): Actor => (name === undefined ? actor : { ...actor, name });

/** A note that goes with an act; undefined where there is none. */
export const noteOf = (
  text: string | undefined,
  { newId, ...note }: Pick<CommentRecord, "alert" | "at" | "actor" | "act"> & { newId: NewId },
): CommentRecord | undefined => (text === undefined ? undefined : { ...note, id: newId<CommentId>("cmt"), text });

/**
 * Does something to the instance behind an open alert, and answers the alert as it is then.
 * @param comment - What is written about it in the same breath.
 * @throws Problem not-found; conflict when the alert is resolved already, or evaluated all the time.
 */
export async function actOnAlert(
  id: AlertId,
  act: (instance: Instance) => Step,
  { alerts, instances, rules }: Pick<OrgStore, "alerts" | "instances" | "rules">,
  now: number,
  comment?: CommentRecord,
): Promise<Alert> {
  return untilWon("The alert is", async () => {
    const alert = await alerts.get(id);
    if (alert === null) throw notFound();
    if (alert.episode.resolvedAt !== null) throw new Problem("conflict", "The alert is resolved already.");

    const [[loaded], rule] = await Promise.all([instances.getMany([alert.instance]), rules.get(alert.rule)]);
    if (loaded === undefined || rule === null || loaded.state.episode?.id !== id) return null;
    const { instance: after, transitions } = act(loaded.state);
    const change = instanceChange(loaded, { after, transitions }, rule, alert.series);
    return (await instances.commit({ rule, changes: [change], at: now, comment }))
      ? toldAlert((await alerts.get(id))!, undefined, now)
      : null;
  });
}
