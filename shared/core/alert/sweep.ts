import type { SampledRule } from "./sampled.ts";

/** A setting of a rule, and what it would have made of a history. */
export interface SweptSetting {
  /** The condition's value; of missing data its grace. */
  readonly value: number;
  /** ms */
  readonly for: number;
  /** Messages about something that fires, a week. */
  readonly pagesPerWeek: number;
  /** Of the incidents, those that it finds; null where none is labelled. */
  readonly recall: number | null;
}

/** The rule with another value, and another `for` (ms). Its recovery value stays as far from the value as it is. */
export function withSetting(rule: SampledRule, value: number, patience: number): SampledRule {
  const changed = { ...rule, for: patience };
  if (changed.kind === "missing-data") return { ...changed, condition: { ...changed.condition, grace: value } };
  if (changed.kind === "forecast") return { ...changed, condition: { ...changed.condition, value } };
  const { recover } = changed.condition;
  const moved = { value, ...(recover === undefined ? {} : { recover: recover + value - changed.condition.value }) };
  return changed.kind === "threshold"
    ? { ...changed, condition: { ...changed.condition, ...moved } }
    : { ...changed, condition: { ...changed.condition, ...moved } };
}

/**
 * The setting that keeps to at most so many pages a week: of those that do the one that finds the most incidents, and where nothing is
 * labelled, or as many are found, the one that tells the most; of equal ones the one that fires the earliest, then the first.
 *
 * @returns null where every setting tells more.
 */
export function chooseSetting<Setting extends SweptSetting>(settings: readonly Setting[], mostPagesPerWeek: number): Setting | null {
  const recall = ({ recall: found }: SweptSetting) => found ?? 0;
  const quiet = settings.filter(({ pagesPerWeek }) => pagesPerWeek <= mostPagesPerWeek);
  return quiet.toSorted((a, b) => recall(b) - recall(a) || b.pagesPerWeek - a.pagesPerWeek || a.for - b.for)[0] ?? null;
}
