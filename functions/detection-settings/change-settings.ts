import type { DetectionSettingsDefinition, DetectionSettingsEntry } from "../../shared/contract/detection-settings.ts";
import type { DetectionSettingsId } from "../../shared/contract/ids.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import { unknownWeights } from "../../shared/core/detect/effective-settings.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { compileMatchers } from "../../shared/core/series/matchers.ts";
import { untilWon } from "../../shared/core/until-won.ts";
import type { DetectionSettingsStore, StoredSettings } from "../../shared/ports/detection-settings.ts";
import type { TenantContext } from "../../shared/runtime/route.ts";
import { settingsAnswer } from "./settings-answer.ts";

/**
 * Refuses what the contract cannot see.
 * @throws Problem validation-failed for a pattern that RE2 does not take, or the weight of a method that there is not.
 */
export function requireSound({ selector, settings }: DetectionSettingsDefinition): void {
  const compiled = compileMatchers(selector.matchers);
  if (!compiled.ok) throw invalid([{ path: `selector.matchers[${compiled.error.index}].value`, message: compiled.error.message }]);
  const errors = unknownWeights(settings.weights ?? {}, "settings.weights");
  if (errors.length > 0) throw invalid(errors);
}

/**
 * Gives settings another definition; the same definition again changes nothing.
 * @throws Problem not-found, precondition-failed, validation-failed, conflict.
 */
export async function changeSettings(
  id: DetectionSettingsId,
  edit: (present: DetectionSettingsDefinition) => DetectionSettingsDefinition,
  { store, now }: { readonly store: DetectionSettingsStore; readonly now: number },
  { requireMatch }: Pick<TenantContext, "requireMatch">,
): Promise<DetectionSettingsEntry> {
  return untilWon("The settings are", async () => {
    const before = await store.get(id);
    if (before === null) throw notFound();
    requireMatch(settingsAnswer(before));

    const definition = edit(before.definition);
    requireSound(definition);
    if (canonicalJson(definition) === canonicalJson(before.definition)) return settingsAnswer(before);

    const after: StoredSettings = { ...before, version: before.version + 1, definition, updatedAt: now };
    return (await store.replace(after)) ? settingsAnswer(after) : null;
  });
}
