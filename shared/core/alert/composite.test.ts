import { describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import type { InstanceId, RuleId } from "../../contract/ids.ts";
import { CompositeCondition } from "../../contract/rule.ts";
import { hashId } from "../hash-id.ts";
import { compositeCycle, evaluateComposite } from "./composite.ts";
import type { Child, CompositeOperator } from "./composite.ts";
import { newInstance, step } from "./step.ts";

const id = (name: string) => hashId<RuleId>("rul", [name]);
type Word = "true" | "recovering" | "false" | "calm" | "silent" | "failing" | "disabled" | "missing";
const INSTANCES: Readonly<Record<Exclude<Word, "missing">, Child["instances"]>> = {
  true: [
    { state: "inactive", data: "ok" },
    { state: "firing", data: "ok" },
  ],
  recovering: [{ state: "recovering", data: "ok" }],
  false: [
    { state: "pending", data: "ok" },
    { state: "inactive", data: "no_data" },
  ],
  calm: [],
  silent: [{ state: "inactive", data: "no_data" }],
  failing: [
    { state: "inactive", data: "no_data" },
    { state: "inactive", data: "error" },
  ],
  disabled: [],
};
const evaluate = (operator: CompositeOperator, words: readonly Word[]) => {
  const rules = words.map((_, n) => id(String(n)));
  const children = words.flatMap((word, n): [RuleId, Child][] =>
    word === "missing" ? [] : [[rules[n]!, { id: rules[n]!, name: word, enabled: word !== "disabled", instances: INSTANCES[word] }]],
  );
  return evaluateComposite(v.parse(CompositeCondition, { [operator]: rules }), new Map(children), 5);
};

describe("a composite rule", () => {
  test.each<[CompositeOperator, readonly Word[], "true" | "false" | "no_data"]>([
    ["all", ["true", "true"], "true"],
    ["all", ["true", "recovering"], "true"],
    ["all", ["true", "false"], "false"],
    ["all", ["true", "silent"], "no_data"],
    ["all", ["false", "silent"], "false"],
    ["all", ["calm", "missing"], "false"],
    ["any", ["false", "true"], "true"],
    ["any", ["false", "calm"], "false"],
    ["any", ["true", "failing"], "true"],
    ["any", ["false", "failing"], "no_data"],
    ["any", ["false", "disabled"], "no_data"],
    ["not", ["true"], "false"],
    ["not", ["recovering"], "false"],
    ["not", ["false"], "true"],
    ["not", ["calm"], "true"],
    ["not", ["silent"], "no_data"],
    ["not", ["missing"], "no_data"],
  ])("%s of %j is %s", (operator, words, outcome) => {
    expect(evaluate(operator, words).outcome).toBe(outcome);
  });

  test("its evidence says of each rule what it was, and why where it was neither true nor false", () => {
    expect(evaluate("any", ["true", "silent", "failing", "missing", "disabled"])).toMatchObject({
      value: 1,
      evidence: {
        kind: "composite",
        operator: "any",
        children: [
          { name: "true", verdict: "true", firing: 1, instances: 2 },
          { name: "silent", verdict: "no_data", firing: 0, instances: 1 },
          { name: "failing", verdict: "error", firing: 0, instances: 2 },
          { name: null, verdict: "missing" },
          { name: "disabled", verdict: "disabled" },
        ],
      },
    });
  });

  test("an alert because there are no data says which of its rules had none", () => {
    const evaluation = evaluate("all", ["true", "silent"]);
    const timing = { for: 0, keepFiringFor: 0, noData: "alert", severity: "warning", interval: 60_000 } as const;
    const { instance } = step(newInstance(hashId<InstanceId>("ins", [1]), "warning"), timing, evaluation);
    expect(instance).toMatchObject({
      state: "firing",
      data: "no_data",
      episode: { evidence: { children: [{ verdict: "true" }, { verdict: "no_data" }] } },
    });
  });

  test.each([
    [{ not: [id("a"), id("b")] }, "Expected exactly one rule for not", "not"],
    [{ not: [] }, "Expected exactly one rule for not", "not"],
    [{ all: [id("a"), id("a")] }, "Expected each rule once", "all"],
    [{}, "Expected exactly one of all, any and not", null],
    [{ all: [id("a")], not: [id("b")] }, "Expected exactly one of all, any and not", null],
  ])("%j is refused", (written, message, path) => {
    const [issue, ...others] = v.safeParse(CompositeCondition, written).issues!;
    expect([issue.message, v.getDotPath(issue), others]).toEqual([message, path, []]);
  });
});

describe("a cycle", () => {
  const graph = (edges: Readonly<Record<string, readonly string[]>>) => (rule: RuleId) =>
    Object.entries(edges).flatMap(([from, to]) => (id(from) === rule ? to.map(id) : []));
  const cycle = (rules: readonly string[], edges: Readonly<Record<string, readonly string[]>>) =>
    compositeCycle({ id: id("a"), rules: rules.map(id) }, graph(edges));
  test.each<[string, readonly string[], Readonly<Record<string, readonly string[]>>, readonly string[] | null]>([
    ["none", ["b", "c"], { b: ["c"] }, null],
    ["a rule of itself", ["a"], {}, ["a", "a"]],
    ["over another rule", ["b", "c"], { c: ["d"], d: ["a"] }, ["a", "c", "d", "a"]],
    ["of others, which is not its own", ["b"], { b: ["c"], c: ["b"] }, null],
  ])("%s", (_, rules, edges, expected) => {
    expect(cycle(rules, edges)).toEqual(expected === null ? null : expected.map(id));
  });

  test("is found however long the way is", () => {
    const rules = Array.from({ length: 10_000 }, (_, n) => id(String(n)));
    const next = new Map(rules.map((rule, n) => [rule, rules[(n + 1) % rules.length]!]));
    expect(compositeCycle({ id: rules[0]!, rules: [rules[1]!] }, (rule) => [next.get(rule)!])).toHaveLength(10_001);
  });
});
