import type { DetectionSettings, EffectiveSettings, SettingSource, SettingSources } from "../../contract/detection-settings.ts";
import type { FieldError } from "../../contract/problem.ts";
import type { Dimensions } from "../../contract/series.ts";
import { METHODS } from "./methods.ts";
import type { DetectOptions } from "./score-point.ts";

/** What holds where nobody says anything. */
export const DEFAULT_SETTINGS: EffectiveSettings = {
  enabled: true,
  sensitivity: 0.5,
  weights: {},
  direction: "either",
  minAbsolute: 0,
  minRelative: 0,
  consensus: 0,
  timezone: "UTC",
  holidays: [],
};
const MEMBERS = Object.keys(DEFAULT_SETTINGS) as (keyof EffectiveSettings)[];

/** How a series is scored: a detector's options, and the zone that its clock is of. */
export interface Scoring extends DetectOptions {
  /** IANA name. */
  readonly timezone: string;
}

/** What holds for a series. */
export interface EffectiveDetection {
  readonly settings: EffectiveSettings;
  /** Who said each member. */
  readonly sources: SettingSources;
  readonly scoring: Scoring;
}

/** What one of them says. */
export interface SettingsLayer {
  readonly settings: DetectionSettings;
  readonly source: SettingSource;
}

/**
 * Lays settings over the defaults and over each other: a member replaces the same member of those before, whole, `weights` and `holidays` too.
 *
 * @param layers - The one that counts most is the last.
 */
export function effectiveDetection(layers: readonly SettingsLayer[]): EffectiveDetection {
  const all = [{ settings: DEFAULT_SETTINGS, source: { from: "default" } as const }, ...layers];
  const decides = (member: keyof EffectiveSettings) => all.findLast(({ settings }) => settings[member] !== undefined)!;
  const settings = Object.fromEntries(MEMBERS.map((member) => [member, decides(member).settings[member]])) as EffectiveSettings;
  const sources = Object.fromEntries(MEMBERS.map((member) => [member, decides(member).source])) as SettingSources;
  return { settings, sources, scoring: scoringOf(settings) };
}

/** How live detection scores a series of which nobody has said anything. */
export const DEFAULT_DETECTION: EffectiveDetection = effectiveDetection([]);

/** A detector's options by some settings. */
export function scoringOf({ enabled: _, holidays, ...options }: EffectiveSettings): Scoring {
  return { ...options, holidays: new Set(holidays) };
}

/** Settings for the series that a selector picks, as they are laid over each other. */
export interface SelectedSettings extends SettingsLayer {
  readonly metricKey: string;
  readonly matches: (dimensions: Dimensions) => boolean;
}

/** What is known of a series that settings may be about. */
export interface SettledSeries {
  readonly metricKey: string;
  readonly dimensions: Dimensions;
  /** As the series is said to be; null while nobody has said it. */
  readonly timezone: string | null;
  /** Its own settings. */
  readonly own: DetectionSettings;
}

/**
 * Finds what holds for one series after another: the defaults, then what selectors give it, then its time zone, then its own settings. What is
 * made of the same parts is made once.
 *
 * @param selected - The one that counts most is the last.
 */
export function settingsFinder(selected: readonly SelectedSettings[]): (series: SettledSeries) => EffectiveDetection {
  const known = new Map<string, EffectiveDetection>();
  const ofMetric = Map.groupBy(selected.entries(), ([, { metricKey }]) => metricKey);
  return ({ metricKey, dimensions, timezone, own }) => {
    const picked = (ofMetric.get(metricKey) ?? []).filter(([, { matches }]) => matches(dimensions));
    const layers: SettingsLayer[] = picked.map(([, { settings, source }]) => ({ settings, source }));
    if (timezone !== null) layers.push({ settings: { timezone }, source: { from: "series-time-zone" } });
    if (Object.keys(own).length > 0) return effectiveDetection([...layers, { settings: own, source: { from: "series-settings" } }]);
    const parts = `${picked.map(([place]) => place).join(" ")} ${timezone ?? ""}`;
    let found = known.get(parts);
    if (found === undefined) known.set(parts, (found = effectiveDetection(layers)));
    return found;
  };
}

/** Weights of methods that there are not, each with where it stands. */
export const unknownWeights = (weights: Readonly<Record<string, number>>, path: string): FieldError[] =>
  Object.keys(weights).flatMap((name) => unknownMethod(name, `${path}.${name}`));

/** Names that are none of a method. */
export const unknownMethods = (names: readonly string[], path: string): FieldError[] =>
  names.flatMap((name, index) => unknownMethod(name, `${path}[${index}]`));

function unknownMethod(name: string, path: string): FieldError[] {
  const names = METHODS.map((method) => method.name);
  return names.includes(name) ? [] : [{ path, message: `Expected one of ${names.join(", ")}` }];
}
