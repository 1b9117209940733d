import type { OrgId } from "../../shared/contract/ids.ts";
import { faultsOf, STUCK_AFTER_MS } from "../../shared/core/alert/aliveness.ts";
import type { Deps } from "../../shared/ports.ts";

/** What is wrong with evaluation, detection and delivery of an organisation, in words; nothing where they work. */
export async function presentFaults(org: OrgId, { store, clock }: Pick<Deps, "store" | "clock">): Promise<readonly string[]> {
  const tenant = store.forOrg(org);
  const now = clock.now();
  const oldestUnread = async (consumer: "detect" | "alert-evaluate") => {
    const [row] = await tenant.points.after(await tenant.cursor(consumer), { maxPoints: 1 });
    // A row without a time is older than the log reaches.
    return row === undefined ? null : (row.createdAt ?? 0);
  };
  const [rules, [due], unread, unscoredSince, pending, stuck] = await Promise.all([
    tenant.rules.enabled(),
    tenant.instances.due(now, 1),
    oldestUnread("alert-evaluate"),
    oldestUnread("detect"),
    store.platform.events.pending({ after: 0, limit: 1 }),
    tenant.watchdog.stuck(now - STUCK_AFTER_MS),
  ]);
  // Where there are no rules nothing is evaluated.
  const waiting = rules.length === 0 ? [] : [due?.dueAt, unread].filter((at) => at !== undefined && at !== null);
  return faultsOf(
    {
      unevaluatedSince: waiting.length === 0 ? null : Math.min(...waiting),
      unscoredSince,
      unpublishedSince: pending[0]?.event.at ?? null,
      stuck,
    },
    now,
  );
}
