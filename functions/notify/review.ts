import type { AlertId, OrgId } from "../../shared/contract/ids.ts";
import { labelledOf } from "../../shared/core/alert/policies.ts";
import { heldBackOf } from "../../shared/core/alert/storm.ts";
import { each } from "../../shared/core/each.ts";
import { reviewSuppression, shownAs, suppressionOf, writeSuppression } from "../../shared/ports/review-suppression.ts";
import type { Deps } from "../../shared/ports.ts";

const PAGE = 100;
/** An organisation is looked at so often at most: in a storm of alerts each asks for it. */
const REVIEW_EVERY_MS = 1_000;

/**
 * Shows what hides an alert that has just changed, that it flaps for one. Where there are inhibitions it may be what hides others: whoever
 * the alarm wakes looks at all of them, once for many that change together.
 */
export async function reviewAlert(org: OrgId, id: AlertId, { store, clock, alarm }: Deps): Promise<void> {
  const tenant = store.forOrg(org);
  const now = clock.now();
  const policies = await tenant.alertPolicies.inForce(now);
  if (policies.inhibitions.length > 0) return alarm.wakeAt(now);
  const alert = await tenant.alerts.get(id);
  if (alert === null || alert.episode.resolvedAt !== null) return;
  const hides = await suppressionOf(tenant, policies, now);
  const by = shownAs(hides(labelledOf(alert)), alert.flapping !== undefined, heldBackOf(alert.suppressedBy));
  if (await writeSuppression(tenant, [{ alert, by }], { at: now, except: null })) await alarm.wakeAt(now);
}

/**
 * Shows what hides alerts by now, in each organisation where something may.
 * @throws AggregateError what failed, once all others are done.
 */
export const reviewAll = (deps: Deps): Promise<void> =>
  each(orgsToReview(deps), "reviews of what hides alerts", async (org) => {
    const { store, clock, alarm, newId } = deps;
    const now = clock.now();
    const isTurn = await store.platform.leases.acquire(`notify-review:${org}`, newId<string>("evt"), now + REVIEW_EVERY_MS, now);
    if (isTurn) await reviewSuppression(store.forOrg(org), now);
    else await alarm.wakeAt(now + REVIEW_EVERY_MS);
  });

async function* orgsToReview({ store, clock }: Deps): AsyncIterable<OrgId> {
  for (let after = ""; ;) {
    const orgs = await store.platform.suppression.orgs(after, clock.now(), PAGE);
    yield* orgs;
    const last = orgs.at(-1);
    if (orgs.length < PAGE || last === undefined) return;
    after = last;
  }
}
