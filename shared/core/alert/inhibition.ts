import { canonicalJson } from "../hash-id.ts";
import { joined, windowAt } from "../time-windows.ts";
import type { TimeWindow } from "../time-windows.ts";
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
  const sources = new Set<string>();
  /** Of sources that are no targets themselves. */
  const oneSided = new Set<string>();
  for (const labels of firing) {
    if (!isSource(labels)) continue;
    const key = keyOf(equal, labels);
    sources.add(key);
    if (!isTarget(labels)) oneSided.add(key);
  }
  return (alert) => isTarget(alert) && (isSource(alert) ? oneSided : sources).has(keyOf(equal, alert));
}

/** The labels that an alert had while it fired, for some time. */
export interface Fired extends TimeWindow {
  readonly labels: Labels;
}

/** What an inhibition hid over a time. */
export interface PastInhibition {
  /** When it could hide anything. */
  readonly windows: readonly TimeWindow[];
  /** Until when it hides an alert that it hides at a time, Unix ms; null where it does not. */
  hiddenUntil(alert: Labels, at: number): number | null;
}

/**
 * What an inhibition hid while some alerts fired and others did no longer: at each time what inhibitedBy says of those that fired then.
 * @param fired - Every alert that fired; one whose labels changed once for each.
 */
export function inhibitedDuring({ isSource, isTarget, equal }: InhibitionInForce, fired: readonly Fired[]): PastInhibition {
  const sources = fired.filter(({ labels }) => isSource(labels));
  const byKey = (some: readonly Fired[]) =>
    new Map([...Map.groupBy(some, ({ labels }) => keyOf(equal, labels))].map(([key, own]) => [key, joined(own)]));
  const all = byKey(sources);
  /** Of sources that are no targets themselves. */
  const oneSided = byKey(sources.filter(({ labels }) => !isTarget(labels)));
  return {
    windows: joined(sources),
    hiddenUntil(alert, at) {
      if (!isTarget(alert)) return null;
      const windows = (isSource(alert) ? oneSided : all).get(keyOf(equal, alert)) ?? [];
      return windowAt(windows, at)?.to ?? null;
    },
  };
}

const keyOf = (equal: readonly string[], labels: Labels): string => canonicalJson(equal.map((name) => labelOf(labels, name)));
