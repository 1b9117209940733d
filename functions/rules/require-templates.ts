import { invalid } from "../../shared/contract/problem.ts";
import type { RuleDefinition } from "../../shared/contract/rule.ts";
import { templateFault } from "../../shared/core/message/template.ts";

/** Refuses annotations whose placeholders name nothing. @throws Problem validation-failed. */
export function requireTemplates({ annotations, labels }: Pick<RuleDefinition, "annotations" | "labels">): void {
  const errors = Object.entries(annotations).flatMap(([name, text]) => {
    const message = text.includes("{{") ? templateFault(text, labels) : null;
    return message === null ? [] : [{ path: `annotations.${name}`, message }];
  });
  if (errors.length > 0) throw invalid(errors);
}
