import type { AlertId, ChannelId, GroupId } from "../contract/ids.ts";
import { alertLabels, suppresses } from "../core/alert/policies.ts";
import type { Labelled, Policies } from "../core/alert/policies.ts";
import { heldBackFrom, heldBackOf } from "../core/alert/storm.ts";
import { suppressionAt } from "../core/alert/suppression.ts";
import type { Suppression } from "../core/alert/suppression.ts";
import type { OpenAlert } from "./alerting.ts";
import type { OrgStore } from "./store.ts";

type Tenant = Pick<OrgStore, "alerts" | "alertPolicies">;

/** What hides an organisation's alerts at a time: every alert that fires is looked through only where an inhibition needs it. */
export async function suppressionOf(
  { alerts }: Pick<Tenant, "alerts">,
  policies: Policies,
  now: number,
): Promise<(alert: Labelled) => Suppression> {
  const firing = policies.inhibitions.length === 0 ? [] : (await alerts.open()).map(alertLabels);
  const hides = suppressionAt(policies, firing, now);
  return (alert) => hides(alertLabels(alert));
}

/**
 * Brings up to date what every open alert of an organisation shows as hiding it, and has the groups flushed of those that nothing hides any
 * more. Doing it again changes nothing.
 *
 * @returns Whether groups are to be flushed now.
 */
export async function reviewSuppression(tenant: Tenant, now: number): Promise<boolean> {
  const [policies, open] = await Promise.all([tenant.alertPolicies.inForce(now), tenant.alerts.open()]);
  const hides = suppressionAt(policies, suppresses(policies) ? open.map(alertLabels) : [], now);
  return writeSuppression(
    tenant,
    open.map((alert) => ({ alert, by: shownAs(hides(alertLabels(alert)), alert.isFlapping, heldBackOf(alert.suppressedBy)) })),
    { at: now, except: null },
  );
}

/**
 * What an alert shows as hiding it: that it flaps, what the organisation says of telling, and the channels that a storm holds it back from.
 */
export const shownAs = ({ by }: Suppression, isFlapping: boolean, heldBack: readonly ChannelId[]): readonly string[] => [
  ...(isFlapping ? ["flapping"] : []),
  ...by,
  ...heldBack.map(heldBackFrom),
];

/** Writes down what hides alerts, where that is not what they show. @returns Whether one of them is hidden no longer. */
export async function writeSuppression(
  { alerts }: Pick<Tenant, "alerts">,
  found: readonly { readonly alert: Pick<OpenAlert, "id" | "suppressedBy">; readonly by: readonly string[] }[],
  of: { readonly at: number; readonly except: GroupId | null },
): Promise<boolean> {
  const changes = found
    .filter(({ alert: { suppressedBy }, by }) => by.join(" ") !== suppressedBy.join(" "))
    .map(({ alert: { id }, by }): { id: AlertId; suppressedBy: readonly string[] } => ({ id, suppressedBy: by }));
  if (changes.length > 0) await alerts.suppress(changes, of);
  return changes.some(({ suppressedBy }) => suppressedBy.length === 0);
}
