import type { AlertId, OrgId } from "../../shared/contract/ids.ts";
import { labelledOf } from "../../shared/core/alert/policies.ts";
import { reviewSuppression, shownAs, suppressionOf, writeSuppression } from "../../shared/ports/review-suppression.ts";
import type { Deps } from "../../shared/ports.ts";

const PAGE = 100;

/**
 * Shows what hides an alert that has just changed, that it flaps for one; where there are inhibitions, of every alert, since it may be what
 * hides them.
 */
export async function reviewAlert(org: OrgId, id: AlertId, { store, clock, alarm }: Deps): Promise<void> {
  const tenant = store.forOrg(org);
  const now = clock.now();
  const policies = await tenant.alertPolicies.inForce(now);
  if (policies.inhibitions.length > 0) {
    if (await reviewSuppression(tenant, now)) await alarm.wakeAt(now);
    return;
  }
  const alert = await tenant.alerts.get(id);
  if (alert === null || alert.episode.resolvedAt !== null) return;
  const hides = await suppressionOf(tenant, policies, now);
  const by = shownAs(hides(labelledOf(alert)), alert.flapping !== undefined);
  if (await writeSuppression(tenant, [{ alert, by }], { at: now, except: null })) await alarm.wakeAt(now);
}

/** Shows what hides alerts by now, in each organisation where something may. @throws AggregateError what failed, once all others are done. */
export async function reviewAll({ store, clock }: Deps): Promise<void> {
  const errors: unknown[] = [];
  for (let after = ""; ;) {
    const orgs = await store.platform.suppression.orgs(after, clock.now(), PAGE);
    for (const org of orgs) await reviewSuppression(store.forOrg(org), clock.now()).catch((error: unknown) => errors.push(error));
    const last = orgs.at(-1);
    if (orgs.length < PAGE || last === undefined) break;
    after = last;
  }
  if (errors.length > 0) throw new AggregateError(errors, "What hides alerts could not be brought up to date", { cause: errors[0] });
}
