import type { RuleId } from "../../contract/ids.ts";
import type { Rule, SelectingRule } from "../../contract/rule.ts";
import type { Dimensions } from "../../contract/series.ts";
import { compileMatchers } from "../series/matchers.ts";
import type { WatchedSeries } from "./alert-record.ts";

/** Finds rules by the series that they select. */
export interface RuleIndex {
  get(id: RuleId): Rule | undefined;
  /** The rules that select a series, in the order given. */
  selecting(series: Pick<WatchedSeries, "metricKey" | "dimensions">): readonly SelectingRule[];
  /** Rules whose patterns do not compile; they select nothing. */
  readonly broken: ReadonlySet<RuleId>;
}

interface Entry {
  readonly place: number;
  readonly rule: SelectingRule;
  readonly matches: (dimensions: Dimensions) => boolean;
}

/** Rules of one metric: by the name and value of a dimension that they ask for, and those that ask for none. */
interface OfMetric {
  readonly byName: Map<string, Map<string, Entry[]>>;
  readonly others: Entry[];
}

/** Indexes rules by metric, and by a dimension that must have one value: many rules, each of its own series, cost no more than few. */
export function indexRules(rules: readonly Rule[]): RuleIndex {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const byMetric = new Map<string, OfMetric>();
  const broken = new Set<RuleId>();
  for (const [place, rule] of rules.entries()) {
    if (rule.kind === "composite") continue;
    const { metricKey, matchers } = rule.selector;
    const compiled = compileMatchers(matchers);
    if (!compiled.ok) {
      broken.add(rule.id);
      continue;
    }
    const ofMetric = getOrAdd(byMetric, metricKey, () => ({ byName: new Map(), others: [] }));
    const exact = matchers.find(({ op }) => op === "=");
    const entries =
      exact === undefined
        ? ofMetric.others
        : getOrAdd(
            getOrAdd(ofMetric.byName, exact.name, () => new Map<string, Entry[]>()),
            exact.value,
            () => [],
          );
    entries.push({ place, rule, matches: compiled.value });
  }
  return {
    get: (id) => byId.get(id),
    broken,
    selecting({ metricKey, dimensions }) {
      const ofMetric = byMetric.get(metricKey);
      if (ofMetric === undefined) return [];
      const found = ofMetric.others.filter(({ matches }) => matches(dimensions));
      for (const [name, byValue] of ofMetric.byName) {
        // A dimension that a series lacks equals the empty string.
        const value = Object.hasOwn(dimensions, name) ? dimensions[name]! : "";
        for (const entry of byValue.get(value) ?? []) if (entry.matches(dimensions)) found.push(entry);
      }
      return found.toSorted((a, b) => a.place - b.place).map(({ rule }) => rule);
    },
  };
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const present = map.get(key);
  if (present !== undefined) return present;
  const created = create();
  map.set(key, created);
  return created;
}
