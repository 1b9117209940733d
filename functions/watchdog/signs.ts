import type { OrgId } from "../../shared/contract/ids.ts";
import { faultsOf, STUCK_AFTER_MS } from "../../shared/core/alert/aliveness.ts";
import type { Deps } from "../../shared/ports.ts";

/** What is wrong with evaluation, detection and delivery of an organisation, in words; nothing where they work. */
export async function presentFaults(org: OrgId, { store, clock }: Pick<Deps, "store" | "clock">): Promise<readonly string[]> {
  const tenant = store.forOrg(org);
  const now = clock.now();
  const [rules, last, rows, pending, stuck] = await Promise.all([
    tenant.rules.enabled(),
    tenant.instances.lastEvaluations(),
    tenant.cursor("detect").then((seq) => tenant.points.after(seq, { maxPoints: 1 })),
    store.platform.events.pending({ after: 0, limit: 1 }),
    tenant.watchdog.stuck(now - STUCK_AFTER_MS),
  ]);
  const [unscored] = rows;
  return faultsOf(
    {
      rules: rules.map((rule) => ({ ...rule, lastEvaluatedAt: last.get(rule.id) ?? null })),
      // A row without a time is older than the log reaches.
      unscoredSince: unscored === undefined ? null : (unscored.createdAt ?? 0),
      unpublishedSince: pending[0]?.event.at ?? null,
      stuck,
    },
    now,
  );
}
