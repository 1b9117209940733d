import * as v from "valibot";
import { scoring } from "./anomaly.ts";
import { exactPartial } from "./exact-partial.ts";
import { DetectionSettingsId, SeriesId } from "./ids.ts";
import { name } from "./name.ts";
import { Selector } from "./series.ts";
import { IsoTime } from "./time.ts";

/** What holds for a series, whoever said it. */
export const EffectiveSettings = v.strictObject({ enabled: v.boolean(), ...scoring });
export type EffectiveSettings = v.InferOutput<typeof EffectiveSettings>;

/** How live detection goes about a series. Of what is left out something else decides; a series that is not enabled is not scored at all. */
export const DetectionSettings = v.strictObject(exactPartial(EffectiveSettings.entries));
export type DetectionSettings = v.InferOutput<typeof DetectionSettings>;

const definition = {
  name: name(200),
  selector: Selector,
  settings: DetectionSettings,
  /** Of two that say something else of a series the one of higher priority counts, of equal ones the one that was made later. */
  priority: v.optional(v.pipe(v.number(), v.integer(), v.minValue(-1_000), v.maxValue(1_000)), 0),
};

/** Settings for the series that a selector picks. */
export const DetectionSettingsDefinition = v.strictObject(definition);
export type DetectionSettingsDefinition = v.InferOutput<typeof DetectionSettingsDefinition>;
/** The same with the id of those that they take the place of. */
export const DetectionSettingsReplacement = v.strictObject({ id: DetectionSettingsId, ...definition });

export const DetectionSettingsEntry = v.strictObject({
  id: DetectionSettingsId,
  version: v.number(),
  ...definition,
  createdAt: IsoTime,
  updatedAt: IsoTime,
});
export type DetectionSettingsEntry = v.InferOutput<typeof DetectionSettingsEntry>;

/** Who said it: nobody; settings by a selector; the series' time zone (`PATCH /series/{id}`); or its own settings. */
export const SettingSource = v.variant("from", [
  v.strictObject({ from: v.literal("default") }),
  v.strictObject({ from: v.literal("detection-settings"), id: DetectionSettingsId, name: v.string() }),
  v.strictObject({ from: v.literal("series-time-zone") }),
  v.strictObject({ from: v.literal("series-settings") }),
]);
export type SettingSource = v.InferOutput<typeof SettingSource>;

const SettingSources = v.strictObject({
  enabled: SettingSource,
  sensitivity: SettingSource,
  weights: SettingSource,
  direction: SettingSource,
  minAbsolute: SettingSource,
  minRelative: SettingSource,
  consensus: SettingSource,
  timezone: SettingSource,
  holidays: SettingSource,
});
export type SettingSources = v.InferOutput<typeof SettingSources>;

/** A series' own settings as its owner writes them. */
export const SeriesSettingsReplacement = v.strictObject({ id: SeriesId, ...DetectionSettings.entries });

/** A series' own settings, and beside them what holds for it, each member with who said it. */
export const SeriesSettings = v.strictObject({
  series: SeriesId,
  ...DetectionSettings.entries,
  effective: EffectiveSettings,
  sources: SettingSources,
});
export type SeriesSettings = v.InferOutput<typeof SeriesSettings>;
