import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { DetectionSettings, SettingSource } from "../../contract/detection-settings.ts";
import type { DetectionSettingsId } from "../../contract/ids.ts";
import {
  DEFAULT_DETECTION,
  DEFAULT_SETTINGS,
  effectiveDetection,
  scoringOf,
  settingsFinder,
  unknownWeights,
} from "./effective-settings.ts";
import type { SelectedSettings } from "./effective-settings.ts";

const source = (place: number): SettingSource => ({
  from: "detection-settings",
  id: `dse_${String(place).padStart(24, "0")}` as DetectionSettingsId,
  name: String(place),
});
const own = { from: "series-settings" } as const;

describe("settings laid over each other", () => {
  test("each member is what the last that says it says, whatever others say", () => {
    const anySettings: fc.Arbitrary<DetectionSettings> = fc.record(
      {
        enabled: fc.boolean(),
        sensitivity: fc.constantFrom(0, 0.5, 1),
        weights: fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom(0, 1)),
        timezone: fc.constantFrom("UTC", "Asia/Tokyo"),
        holidays: fc.subarray(["2026-12-25", "2027-01-01"]),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(anySettings, { maxLength: 5 }), (said) => {
        const { settings, sources } = effectiveDetection(said.map((one, place) => ({ settings: one, source: source(place) })));
        for (const member of Object.keys(DEFAULT_SETTINGS) as (keyof typeof DEFAULT_SETTINGS)[]) {
          const place = said.findLastIndex((one) => one[member] !== undefined);
          expect(settings[member]).toEqual(place < 0 ? DEFAULT_SETTINGS[member] : said[place]![member]);
          expect(sources[member]).toEqual(place < 0 ? { from: "default" } : source(place));
        }
      }),
    );
  });

  test("weights and holidays replace those before as a whole", () => {
    const layers = [
      { settings: { weights: { a: 1, b: 2 }, holidays: ["2026-12-25", "2026-12-26"] }, source: source(0) },
      { settings: { weights: { a: 0 }, holidays: [] }, source: own },
    ];
    expect(effectiveDetection(layers).settings).toMatchObject({ weights: { a: 0 }, holidays: [] });
  });
});

describe("finding what holds for series", () => {
  const picks = (place: number, settings: DetectionSettings, region?: string): SelectedSettings => ({
    settings,
    source: source(place),
    metricKey: "cpu",
    matches: (dimensions) => region === undefined || dimensions["region"] === region,
  });
  const series = (changes: Partial<Parameters<ReturnType<typeof settingsFinder>>[0]> = {}) => ({
    metricKey: "cpu",
    dimensions: {},
    timezone: null,
    own: {},
    ...changes,
  });

  test("selectors give a series theirs in order, where metric and dimensions match", () => {
    const find = settingsFinder([picks(0, { sensitivity: 0.1, consensus: 0.3 }), picks(1, { sensitivity: 0.9 }, "eu")]);
    expect(find(series()).settings).toMatchObject({ sensitivity: 0.1, consensus: 0.3 });
    expect(find(series({ dimensions: { region: "eu" } })).settings).toMatchObject({ sensitivity: 0.9, consensus: 0.3 });
    expect(find(series({ metricKey: "load" })).settings).toEqual(DEFAULT_SETTINGS);
  });

  test("its time zone counts more than a selector's, its own settings more than both", () => {
    const find = settingsFinder([picks(0, { timezone: "Asia/Tokyo" })]);
    expect(find(series()).scoring.timezone).toBe("Asia/Tokyo");
    expect(find(series({ timezone: "Europe/Berlin" })).scoring.timezone).toBe("Europe/Berlin");
    const both = find(series({ timezone: "Europe/Berlin", own: { timezone: "America/Lima" } }));
    expect([both.scoring.timezone, both.sources.timezone]).toEqual(["America/Lima", own]);
  });

  test("series with the same parts share one answer: four hundred holidays are gathered once", () => {
    const find = settingsFinder([picks(0, { holidays: ["2026-12-25"] }), picks(1, {}, "eu")]);
    const answers = ["a", "b"].map((host) => find(series({ dimensions: { host } })));
    expect(answers[0]).toBe(answers[1]);
    expect(find(series({ dimensions: { region: "eu" } }))).not.toBe(answers[0]);
    expect(find(series({ timezone: "UTC" }))).not.toBe(answers[0]);
  });
});

test("a detector's options are the settings, with its holidays as a set and without what is no option", () => {
  const { holidays: _, enabled: __, ...options } = DEFAULT_SETTINGS;
  expect(scoringOf({ ...DEFAULT_SETTINGS, holidays: ["2026-12-25"] })).toEqual({ ...options, holidays: new Set(["2026-12-25"]) });
  expect(DEFAULT_DETECTION.settings).toEqual(DEFAULT_SETTINGS);
});

test("a weight of a method that there is not is told with its place and the methods that there are", () => {
  expect(unknownWeights({ residual: 1 }, "weights")).toEqual([]);
  expect(unknownWeights({ residual: 1, magic: 1 }, "weights")).toEqual([
    { path: "weights.magic", message: expect.stringContaining("value-novelty") },
  ]);
});
