import type { Row } from "@libsql/client";
import type { DetectionSettings, DetectionSettingsDefinition } from "../contract/detection-settings.ts";
import { DetectionSettingsId } from "../contract/ids.ts";
import type { OrgId, SeriesId } from "../contract/ids.ts";
import type { Dimensions, Selector } from "../contract/series.ts";
import { DEFAULT_DETECTION, settingsFinder } from "../core/detect/effective-settings.ts";
import type { EffectiveDetection, SelectedSettings } from "../core/detect/effective-settings.ts";
import { MAX_DETECTION_SETTINGS } from "../ports/detection-settings.ts";
import type { DetectionSettingsStore, StoredSettings } from "../ports/detection-settings.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database } from "./database.ts";
import { relearnRequested } from "./detection.ts";
import type { Outbox } from "./outbox.ts";
import { afterId, pageOf } from "./page.ts";

// Rides the primary key.
const SELECT = "SELECT * FROM detection_settings WHERE id = :id AND org = :org";
// Rides detection_settings_org.
const SELECT_PAGE = "SELECT * FROM detection_settings WHERE org = :org AND id > :after ORDER BY id LIMIT :limit";
// Counts on detection_settings_org: at most MAX_DETECTION_SETTINGS of them.
const INSERT = `
  INSERT INTO detection_settings (id, org, version, definition, created_at, updated_at)
  SELECT :id, :org, :version, :definition, :createdAt, :updatedAt
  WHERE (SELECT count(*) FROM detection_settings WHERE org = :org) < :most`;
const REPLACE = `
  UPDATE detection_settings SET version = :version, definition = :definition, updated_at = :updatedAt
  WHERE id = :id AND org = :org AND version = :version - 1`;
const DELETE = "DELETE FROM detection_settings WHERE id = :id AND org = :org AND version = :version";
// Rides the primary key.
const SELECT_OF_SERIES = "SELECT version, settings FROM series_detection_settings WHERE series = :series AND org = :org";
// Settings at another version get NULL as theirs, which its column refuses: the whole batch fails.
const REPLACE_OF_SERIES = `
  INSERT INTO series_detection_settings (series, org, version, settings, updated_at) VALUES (:series, :org, :was + 1, :settings, :at)
  ON CONFLICT (series) DO UPDATE SET
    version = CASE WHEN version = :was AND org = :org THEN :was + 1 END, settings = excluded.settings, updated_at = excluded.updated_at`;
// One row where nothing is said: it rides detection_settings_org, series_detection_settings_org and series_zoned.
const SELECT_SAID = `
  SELECT d.*, EXISTS (SELECT 1 FROM series_detection_settings WHERE org = :org AND settings <> '{}')
    OR EXISTS (SELECT 1 FROM series WHERE org = :org AND timezone IS NOT NULL) AS of_series
  FROM (SELECT 1) LEFT JOIN detection_settings AS d ON d.org = :org LIMIT :limit`;
// Rides the primary keys, once for each id; not limited: the caller's ids bound it.
const SELECT_SERIES = `
  SELECT s.id, s.metric_key, s.dimensions, s.timezone, o.settings FROM json_each(:ids) AS ids
  CROSS JOIN series AS s ON s.id = ids.value AND s.org = :org
  LEFT JOIN series_detection_settings AS o ON o.series = s.id AND o.org = :org`;

const settingsOf = (row: Row): StoredSettings => ({
  id: row["id"] as DetectionSettingsId,
  version: row["version"] as number,
  definition: JSON.parse(row["definition"] as string) as DetectionSettingsDefinition,
  createdAt: row["created_at"] as number,
  updatedAt: row["updated_at"] as number,
});

const argsOf = (org: OrgId, { definition, ...settings }: StoredSettings) => ({ ...settings, org, definition: JSON.stringify(definition) });

export function detectionSettingsStore(database: Database, outbox: Outbox, org: OrgId): DetectionSettingsStore {
  return {
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      return row === undefined ? null : settingsOf(row);
    },
    async list({ limit, cursor }) {
      const rows = await database.read(SELECT_PAGE, { org, after: afterId(DetectionSettingsId, cursor), limit: limit + 1 });
      return pageOf(rows.map(settingsOf), limit, ({ id }) => id);
    },
    async insert(settings) {
      const [result] = await database.write([{ sql: INSERT, args: { ...argsOf(org, settings), most: MAX_DETECTION_SETTINGS } }]);
      return result!.rowsAffected === 1;
    },
    async replace(settings) {
      const { createdAt: _, ...args } = argsOf(org, settings);
      const [result] = await database.write([{ sql: REPLACE, args }]);
      return result!.rowsAffected === 1;
    },
    async remove(id, version) {
      const [result] = await database.write([{ sql: DELETE, args: { id, org, version } }]);
      return result!.rowsAffected === 1;
    },
    async ofSeries(series) {
      const [row] = await database.read(SELECT_OF_SERIES, { series, org });
      if (row === undefined) return { version: 0, settings: {} };
      return { version: row["version"] as number, settings: JSON.parse(row["settings"] as string) as DetectionSettings };
    },
    replaceOfSeries: (series, settings, { was, relearn, at }) =>
      unlessLost(() =>
        outbox.write(
          [{ sql: REPLACE_OF_SERIES, args: { series, org, was, settings: JSON.stringify(settings), at } }],
          relearn ? relearnRequested(outbox, org, [series], at) : [],
        ),
      ),
    async effective(series) {
      const said = await database.read(SELECT_SAID, { org, limit: MAX_DETECTION_SETTINGS });
      const stored = said.filter((row) => row["id"] !== null).map(settingsOf);
      if (stored.length === 0 && said[0]?.["of_series"] !== 1) return () => DEFAULT_DETECTION;

      const find = settingsFinder(await selectedOf(stored));
      const found = new Map<SeriesId, EffectiveDetection>();
      for (const row of await database.read(SELECT_SERIES, { org, ids: JSON.stringify(series) })) {
        const own = row["settings"] === null ? {} : (JSON.parse(row["settings"] as string) as DetectionSettings);
        const [metricKey, timezone] = [row["metric_key"] as string, row["timezone"] as string | null];
        const dimensions = JSON.parse(row["dimensions"] as string) as Dimensions;
        found.set(row["id"] as SeriesId, find({ metricKey, dimensions, timezone, own }));
      }
      return (id) => found.get(id) ?? DEFAULT_DETECTION;
    },
  };
}

/** As they are laid over each other: by priority, and of equal ones by their age. */
async function selectedOf(stored: readonly StoredSettings[]): Promise<SelectedSettings[]> {
  if (stored.length === 0) return [];
  // Loaded where it is needed: the engine of the patterns is a third of a bundle.
  const { compileMatchers } = await import("../core/series/matchers.ts");
  const inOrder = stored.toSorted(
    (a, b) => a.definition.priority - b.definition.priority || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1),
  );
  return inOrder.map(({ id, definition: { name, selector, settings } }) => {
    let matches: ((dimensions: Dimensions) => boolean) | null = null;
    return {
      settings,
      source: { from: "detection-settings", id, name },
      metricKey: selector.metricKey,
      // Compiled for the first series of its metric: the patterns of a hundred cost more than a pass of a few series.
      matches: (dimensions) => (matches ??= compiled(selector))(dimensions),
    };
  });

  function compiled({ matchers }: Selector): (dimensions: Dimensions) => boolean {
    const result = compileMatchers(matchers);
    // They were compiled before they were stored.
    return result.ok ? result.value : () => false;
  }
}
