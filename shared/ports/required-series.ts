import type { SeriesId } from "../contract/ids.ts";
import { invalid } from "../contract/problem.ts";
import type { RuleDefinition, WrittenRule } from "../contract/rule.ts";
import { canonicalJson } from "../core/hash-id.ts";
import type { OrgStore } from "./store.ts";

/**
 * A rule as it is stored: the series that it requires by their dimensions, each once, whether it names them by these or by their ids.
 * @param at - Where the rule is in the request: empty, or a path that ends in a dot.
 * @throws Problem validation-failed for an id of no series, or of another metric's.
 */
export async function withRequiredSeries(rule: WrittenRule, { series }: Pick<OrgStore, "series">, at = ""): Promise<RuleDefinition> {
  if (rule.kind !== "missing-data") return rule;
  const { requireSeries: required, ...condition } = rule.condition;
  if (required === undefined) return { ...rule, condition };

  const ids = required.filter((one): one is SeriesId => typeof one === "string");
  const known = new Map(ids.length === 0 ? [] : (await series.getMany(ids)).map((one) => [one.id, one]));
  const { metricKey } = rule.selector;
  const named = required.map((one) => (typeof one === "string" ? known.get(one) : { metricKey, dimensions: one.dimensions }));
  const errors = named.flatMap((one, n) => {
    if (one?.metricKey === metricKey) return [];
    const message = one === undefined ? "There is no such series" : `Expected a series of ${metricKey}, as the selector has it`;
    return [{ path: `${at}condition.requireSeries[${n}]`, message }];
  });
  if (errors.length > 0) throw invalid(errors);
  const byDimensions = new Map(named.map((one) => [canonicalJson(one!.dimensions), { dimensions: one!.dimensions }]));
  return { ...rule, condition: { ...condition, requireSeries: [...byDimensions.values()] } };
}
