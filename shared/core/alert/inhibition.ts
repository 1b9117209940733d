import { canonicalJson } from "../hash-id.ts";
import { labelOf } from "./policies.ts";
import type { InhibitionInForce, Labels } from "./policies.ts";

/**
 * What an inhibition hides while some alerts fire: an alert that is a target, where one of them is a source and has the same value of each
 * label of `equal`; a label that is not there equals the empty one. An alert that is source and target is not hidden by others that are both,
 * nor by itself.
 *
 * @param firing - The labels of every alert that fires, hidden or not.
 * @returns Whether an alert is hidden; each answer costs one look.
 * @see Prometheus Alertmanager, inhibit: InhibitRule.hasEqual.
 */
export function inhibitedBy({ isSource, isTarget, equal }: InhibitionInForce, firing: readonly Labels[]): (alert: Labels) => boolean {
  const keyOf = (labels: Labels) => canonicalJson(equal.map((name) => labelOf(labels, name)));
  const sources = new Set<string>();
  /** Of sources that are no targets themselves. */
  const oneSided = new Set<string>();
  for (const labels of firing) {
    if (!isSource(labels)) continue;
    const key = keyOf(labels);
    sources.add(key);
    if (!isTarget(labels)) oneSided.add(key);
  }
  return (alert) => isTarget(alert) && (isSource(alert) ? oneSided : sources).has(keyOf(alert));
}
