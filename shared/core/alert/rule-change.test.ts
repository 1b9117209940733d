import { expect, test } from "@jest/globals";
import * as v from "valibot";
import type { OrgId, RuleId, SeriesId } from "../../contract/ids.ts";
import { RuleDefinition } from "../../contract/rule.ts";
import type { Rule } from "../../contract/rule.ts";
import { hashId } from "../hash-id.ts";
import { instanceId } from "./keys.ts";
import { ruleConsequences } from "./rule-change.ts";
import { newInstance, step } from "./step.ts";
import type { Instance } from "./step.ts";

const AT = Date.UTC(2026, 10, 20, 10);
const rule = (changes: object = {}): Rule => ({
  ...v.parse(RuleDefinition, {
    name: "r",
    kind: "threshold",
    selector: { metricKey: "cpu" },
    condition: { operator: "gt", value: 1 },
    ...changes,
  }),
  id: hashId<RuleId>("rul", ["r"]),
  version: 1,
  createdAt: AT,
  updatedAt: AT,
});

const series = hashId<SeriesId>("ser", ["s"]);
const id = instanceId(hashId<OrgId>("org", ["o"]), rule().id, series);
const inactive = newInstance(id, "warning");
const pending = step(inactive, { ...rule(), for: 60_000 }, { at: AT, outcome: "true" }).instance;
const firing = step(inactive, rule(), { at: AT, outcome: "true" }).instance;
const watched = (state: Instance) => [
  { id, rule: rule().id, series, version: 3, state, of: { id: series, metricKey: "cpu", dimensions: { host: "a" } } },
];

test.each([
  ["the rule is deleted", null, "rule_deleted"],
  ["the rule is disabled", rule({ enabled: false }), "rule_disabled"],
  ["the rule is of another kind", rule({ kind: "anomaly", condition: {} }), "rule_changed"],
  ["the rule picks another metric", rule({ selector: { metricKey: "load" } }), "rule_changed"],
  ["the rule picks other dimensions", rule({ selector: { metricKey: "cpu", dimensions: { host: "b" } } }), "rule_changed"],
] as const)("when %s, what fires is resolved, what is pending drops, and nothing is kept", (_, after, reason) => {
  const ended = ruleConsequences(rule(), after, watched(firing), AT + 1);
  expect(ended.keeps).toEqual([]);
  expect(ended.changes).toMatchObject([
    { instance: { id, version: 3, state: { state: "inactive", episode: null } }, alerts: [{ episode: { reason, resolvedAt: AT + 1 } }] },
  ]);
  const dropped = ruleConsequences(rule(), after, watched(pending), AT + 1);
  expect(dropped.changes).toMatchObject([{ instance: { state: { state: "inactive" } }, alerts: [], transitions: [{ reason }] }]);
  expect(ruleConsequences(rule(), after, watched(inactive), AT + 1)).toEqual({ changes: [], keeps: [] });
});

test.each([
  ["threshold", rule({ condition: { operator: "gt", value: 5 } })],
  ["for", rule({ for: "1h" })],
  ["name", rule({ name: "renamed" })],
  ["selector that still picks the series", rule({ selector: { metricKey: "cpu", matchers: [{ name: "host", op: "=~", value: "a|b" }] } })],
] as const)("another %s ends nothing", (_, after) => {
  expect(ruleConsequences(rule(), after, watched(firing), AT + 1)).toEqual({ changes: [], keeps: [id] });
});
