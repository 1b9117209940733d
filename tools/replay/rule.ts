import { readFile } from "node:fs/promises";
import * as v from "valibot";
import type { RuleId } from "../../shared/contract/ids.ts";
import { RuleDefinition } from "../../shared/contract/rule.ts";
import type { SelectingRule } from "../../shared/contract/rule.ts";
import { hashId } from "../../shared/core/hash-id.ts";

/** The rule that a replay runs where none is given: whatever an anomaly rule is about that says nothing else. */
export const defaultRule = (metricKey: string): SelectingRule =>
  stored(
    v.parse(RuleDefinition, {
      name: `${metricKey} is abnormal`,
      kind: "anomaly",
      selector: { metricKey },
      condition: {},
    }),
  );

/**
 * Reads a rule as POST /api/v1/rules takes it.
 * @throws Error that names what is wrong with it.
 */
export async function readRule(path: string): Promise<SelectingRule> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`The rule ${path} cannot be read: ${error.code ?? error.message}.`);
  });
  const written = v.safeParse(v.pipe(v.string(), v.parseJson(undefined, "Expected JSON"), RuleDefinition), text);
  if (written.success) return stored(written.output);
  const issues = written.issues.map((issue) => `${v.getDotPath(issue) ?? "it"}: ${issue.message}`);
  throw new Error(`${path} is no rule: ${issues.join("; ")}.`);
}

function stored(definition: RuleDefinition): SelectingRule {
  if (definition.kind === "composite") throw new Error("A composite rule looks at other rules: it cannot be tried on a series.");
  return { ...definition, id: hashId<RuleId>("rul", ["replay", { ...definition }]), version: 1, createdAt: 0, updatedAt: 0 };
}
