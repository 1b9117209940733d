import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import * as v from "valibot";
import { parse } from "yaml";
import type { OrgId, RuleId } from "../../shared/contract/ids.ts";
import { fieldErrors } from "../../shared/contract/problem.ts";
import { RuleDefinition } from "../../shared/contract/rule.ts";
import type { SelectingRule } from "../../shared/contract/rule.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { compileMatchers } from "../../shared/core/series/matchers.ts";
import { RuleFile, RuleTestFile } from "./contract.ts";

/** The organisation that tested rules and series belong to. */
export const TEST_ORG = hashId<OrgId>("org", ["rule tests"]);

/**
 * Reads a file of rule tests and the rule files that it names, which lie where it says from its own folder.
 * @throws Error that names the file and what is wrong with it.
 */
export async function readRuleTests(path: string): Promise<{ readonly file: RuleTestFile; readonly rules: readonly SelectingRule[] }> {
  const file = await readYaml(path, RuleTestFile);
  const sources: [string, RuleFile][] = [[path, { rules: file.rules, groups: file.groups }]];
  for (const name of file.rule_files) {
    const beside = resolve(dirname(path), name);
    sources.push([beside, await readYaml(beside, RuleFile)]);
  }
  const rules = sources.flatMap(([from, { rules: own, groups }]) => [
    ...own.map((written) => ruleOf(written, file.evaluation_interval, from)),
    ...groups.flatMap(({ interval, rules: grouped }) =>
      grouped.map((written) => ruleOf(written, interval ?? file.evaluation_interval, from)),
    ),
  ]);
  const names = rules.map(({ name }) => name);
  const twice = names.find((name, n) => names.indexOf(name) !== n);
  if (twice !== undefined) throw new Error(`${path}: two rules are named ${JSON.stringify(twice)}`);
  return { file, rules };
}

async function readYaml<const Schema extends v.GenericSchema>(path: string, schema: Schema): Promise<v.InferOutput<Schema>> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${path} cannot be read: ${error.code ?? error.message}`);
  });
  let written: unknown;
  try {
    written = parse(text);
  } catch (error) {
    throw new Error(`${path} is no YAML: ${(error as Error).message}`, { cause: error });
  }
  const parsed = v.safeParse(schema, written);
  if (!parsed.success) throw new Error(`${path}: ${wrongIn(parsed.issues)}`);
  return parsed.output;
}

function ruleOf({ alert, ...written }: Readonly<Record<string, unknown>>, interval: number, path: string): SelectingRule {
  const name = written["name"] ?? alert;
  const called = typeof name === "string" ? `the rule ${JSON.stringify(name)}` : "a rule without a name";
  if ("expr" in written) throw new Error(`${path}: ${called}: PromQL is not read here; write kind, selector and condition instead of expr`);
  // Points of a test come in at their own time: there are no late ones to wait for.
  const parsed = v.safeParse(RuleDefinition, { interval, ...written, ...(name === undefined ? {} : { name }), evalDelay: 0 });
  if (!parsed.success) throw new Error(`${path}: ${called}: ${wrongIn(parsed.issues)}`);
  if (parsed.output.kind === "composite") throw new Error(`${path}: ${called} is of kind composite: a test has no other rules for it`);
  const rule = { ...parsed.output, id: hashId<RuleId>("rul", [TEST_ORG, name]), version: 1, createdAt: 0, updatedAt: 0 };
  const matchers = compileMatchers(rule.selector.matchers);
  if (!matchers.ok) throw new Error(`${path}: ${called}: selector.matchers[${matchers.error.index}]: ${matchers.error.message}`);
  return rule;
}

const wrongIn = (issues: readonly v.BaseIssue<unknown>[]): string =>
  fieldErrors(issues)
    .map((error) => (error.path === "" ? error.message : `${error.path}: ${error.message}`))
    .join("; ");
