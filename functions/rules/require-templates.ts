import { invalid } from "../../shared/contract/problem.ts";
import type { RuleDefinition } from "../../shared/contract/rule.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { templateFault } from "../../shared/core/message/template.ts";

type Written = Pick<RuleDefinition, "annotations" | "labels">;

/**
 * Refuses annotations whose placeholders name nothing.
 * @param present - What a rule has already is not looked at again: it can always be switched off.
 * @throws Problem validation-failed.
 */
export function requireTemplates({ annotations, labels }: Written, present: Written | null): void {
  if (present !== null && canonicalJson([annotations, labels]) === canonicalJson([present.annotations, present.labels])) return;
  const errors = Object.entries(annotations).flatMap(([name, text]) => {
    const message = text.includes("{{") ? templateFault(text, labels) : null;
    return message === null ? [] : [{ path: `annotations.${name}`, message }];
  });
  if (errors.length > 0) throw invalid(errors);
}
