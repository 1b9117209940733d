import type { DetectionSettings, SeriesSettings } from "../../shared/contract/detection-settings.ts";
import type { SeriesId } from "../../shared/contract/ids.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import { unknownWeights } from "../../shared/core/detect/effective-settings.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { untilWon } from "../../shared/core/until-won.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { TenantContext } from "../../shared/runtime/route.ts";

/** A series' own settings as the API shows them, with what holds for it. @throws Problem not-found. */
export async function readSettings(id: SeriesId, tenant: OrgStore): Promise<SeriesSettings> {
  return (await presentOf(id, tenant)).answer;
}

/**
 * Gives a series other settings of its own; the same again change nothing. Where its clock or its holidays are others then, it is learned anew.
 * @throws Problem not-found, precondition-failed, validation-failed, conflict.
 */
export async function changeSettings(
  id: SeriesId,
  edit: (present: DetectionSettings) => DetectionSettings,
  { tenant, now }: { readonly tenant: OrgStore; readonly now: number },
  { requireMatch }: Pick<TenantContext, "requireMatch">,
): Promise<SeriesSettings> {
  return untilWon("The settings are", async () => {
    const { own, answer } = await presentOf(id, tenant);
    requireMatch(answer);

    const settings = edit(own.settings);
    const errors = unknownWeights(settings.weights ?? {}, "weights");
    if (errors.length > 0) throw invalid(errors);
    if (canonicalJson(settings) === canonicalJson(own.settings)) return answer;

    const relearn = clockOf(settings) !== clockOf(own.settings);
    const isWon = await tenant.detectionSettings.replaceOfSeries(id, settings, { was: own.version, relearn, at: now });
    return isWon ? readSettings(id, tenant) : null;
  });
}

async function presentOf(id: SeriesId, { series, detectionSettings }: OrgStore) {
  if ((await series.get(id)) === null) throw notFound();
  const [own, effective] = await Promise.all([detectionSettings.ofSeries(id), detectionSettings.effective([id])]);
  const { settings, sources } = effective(id);
  return { own, answer: { series: id, ...own.settings, effective: settings, sources } satisfies SeriesSettings };
}

/** What of settings a state depends on: all else is looked at when a point is judged. */
const clockOf = ({ timezone, holidays }: DetectionSettings): string => canonicalJson([timezone ?? null, holidays ?? null]);
