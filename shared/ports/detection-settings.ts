import type { DetectionSettings, DetectionSettingsDefinition } from "../contract/detection-settings.ts";
import type { DetectionSettingsId, SeriesId } from "../contract/ids.ts";
import type { Page, PageQuery } from "../contract/page.ts";
import type { EffectiveDetection } from "../core/detect/effective-settings.ts";

// Times are Unix ms.

/** Most settings by selectors that an organisation has. */
export const MAX_DETECTION_SETTINGS = 100;

/** Settings for the series that a selector picks. */
export interface StoredSettings {
  readonly id: DetectionSettingsId;
  /** Grows with each change. */
  readonly version: number;
  readonly definition: DetectionSettingsDefinition;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What people have said of detection. Writes that may lose against another process answer false, and then nothing of them is written. */
export interface DetectionSettingsStore {
  get(id: DetectionSettingsId): Promise<StoredSettings | null>;
  /** By id, so oldest first. */
  list(page: PageQuery): Promise<Page<StoredSettings>>;
  /** False when there are MAX_DETECTION_SETTINGS. */
  insert(settings: StoredSettings): Promise<boolean>;
  /** Replaces the version before. */
  replace(settings: StoredSettings): Promise<boolean>;
  remove(id: DetectionSettingsId, version: number): Promise<boolean>;
  /** A series' own; version 0 where it never had any. */
  ofSeries(series: SeriesId): Promise<{ readonly version: number; readonly settings: DetectionSettings }>;
  /**
   * Gives a series its own, `{}` for none.
   * @param change.was - The version that this takes the place of.
   * @param change.relearn - Asks for the series to be learned anew, with `detection.relearn-requested`.
   */
  replaceOfSeries(series: SeriesId, settings: DetectionSettings, change: { was: number; relearn: boolean; at: number }): Promise<boolean>;
  /** What holds for each of some series: one read where an organisation has said nothing, two where it has. */
  effective(series: readonly SeriesId[]): Promise<(series: SeriesId) => EffectiveDetection>;
}
