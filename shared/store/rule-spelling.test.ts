import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "@jest/globals";
import * as v from "valibot";
import type { OrgId, RuleId } from "../contract/ids.ts";
import { RuleDefinition } from "../contract/rule.ts";
import { hashId } from "../core/hash-id.ts";
import { EMPTY_DATABASES } from "../testing/databases.ts";
import { MIGRATIONS } from "../testing/memory-store.ts";
import { migrate } from "./migrate.ts";
import { createStores } from "./store.ts";

const org = hashId<OrgId>("org", ["old"]);
const child = hashId<RuleId>("rul", ["child"]);
const COMMON = {
  for: 0,
  keepFiringFor: 0,
  interval: 60_000,
  evalDelay: 60_000,
  groupBy: [],
  severity: "warning",
  repeatInterval: 14_400_000,
  noData: "keep_last",
  labels: {},
  annotations: {},
  enabled: true,
};
const selector = { metricKey: "cpu", matchers: [] };
/** What later migrations add to rules that look at series. */
const ADDED = { maxInstances: 500, expireAfter: 86_400_000 };
const critical = { value: 600, recover: 300 };

/** Rules as they were stored, and as they are read now. */
const RULES: readonly (readonly [name: string, kind: string, before: object, nowKind: string, now: object])[] = [
  [
    "minutes",
    "rate_of_change",
    { operator: "gt", value: 5, per: 60_000, window: 600_000, recover: 2, resetAware: true },
    "rate-of-change",
    { operator: "gt", value: 5, unit: "per_minute", direction: "increase", window: 600_000, recover: 2, resetAware: true },
  ],
  [
    "seconds",
    "rate_of_change",
    { operator: "lt", value: -5, per: 1_000, window: 600_000, resetAware: false },
    "rate-of-change",
    { operator: "lt", value: -5, unit: "per_second", direction: "increase", window: 600_000, resetAware: false },
  ],
  [
    "five minutes",
    "rate_of_change",
    { operator: "gt", value: 300, per: 300_000, window: 600_000, recover: 150, critical, resetAware: false },
    "rate-of-change",
    {
      operator: "gt",
      value: 1,
      unit: "per_second",
      direction: "increase",
      window: 600_000,
      recover: 0.5,
      critical: { value: 2, recover: 1 },
      resetAware: false,
    },
  ],
  [
    "silent",
    "missing_data",
    { grace: 3, requireSeries: [{ dimensions: { host: "a" } }] },
    "missing-data",
    { grace: 3, requireSeries: [{ dimensions: { host: "a" } }] },
  ],
  [
    "soon full",
    "forecast",
    { operator: "gt", value: 90, probability: 0.8, horizon: 14_400_000, need: 1, of: 3 },
    "forecast",
    { operator: "gt", value: 90, probability: 0.8, horizon: 14_400_000, confirm: { need: 1, of: 3 } },
  ],
  ["both", "composite", { operator: "any", rules: [child] }, "composite", { any: [child] }],
  ["high", "threshold", { operator: "gt", value: 90, aggregate: "last" }, "threshold", { operator: "gt", value: 90, aggregate: "last" }],
];

const OLD_RATE = { kind: "rate_of_change", recover: null, value: 7, per: 3_600_000, first: { timestamp: 1, value: 0 } };
const NEW_RATE = {
  kind: "rate-of-change",
  recover: null,
  value: 7,
  unit: "per_hour",
  direction: "increase",
  first: { timestamp: 1, value: 0 },
};
const OLD_SILENCE = { kind: "missing_data", lastSeenAt: null, duration: 5 };
const NEW_SILENCE = { kind: "missing-data", lastSeenAt: null, duration: 5 };
const OTHER = { kind: "threshold", recover: null, window: null };

test.each(EMPTY_DATABASES)(
  "rules of the earlier spelling, their versions and their evidence read in the new one, %s",
  async (_where, open) => {
    const { database, end } = await open();
    const folder = await mkdtemp(join(tmpdir(), "intentvision-"));
    const own = (await readdir(MIGRATIONS)).find((name) => name.endsWith("_rule_spelling.sql"))!;
    // All that came before.
    await cp(MIGRATIONS, folder, { recursive: true, filter: (path) => !path.endsWith(".sql") || basename(path) < own });
    await migrate(database, pathToFileURL(`${folder}/`), 0);

    const episode = (evidence: object) => ({ state: "firing", episode: { value: 7, evidence } });
    const calm = { state: "inactive", episode: null };
    const insertRule = `
    INSERT INTO rule (id, org, version, definition, enabled, created_at, updated_at) VALUES (:id, :org, 2, :definition, 1, 3, 4)`;
    const insertVersion = `
    INSERT INTO definition_history (org, id, version, at, actor, definition) VALUES (:org, :id, :version, 4, NULL, :definition)`;
    const insertAlert = `
    INSERT INTO alert (id, org, rule, rule_name, rule_version, instance, series, metric_key, dimensions, condition, severity, pending_at, started_at,
      notification_count, suppressed_by, labels, annotations, evidence)
    VALUES (:id, 'org', 'rule', '', 1, '', '', '', '{}', 'firing', 'warning', 0, 0, 0, '[]', '{}', '{}', :evidence)`;
    const idOf = (name: string) => hashId<RuleId>("rul", [name]);
    await database.write([
      ...RULES.flatMap(([name, kind, condition]) => {
        const of = kind === "composite" ? {} : { selector };
        const args = { id: idOf(name), org, definition: JSON.stringify({ name, kind, condition, ...of, ...COMMON }) };
        return [
          { sql: insertRule, args },
          { sql: insertVersion, args: { ...args, version: 2 } },
          { sql: insertVersion, args: { ...args, definition: null, version: 3 } },
        ];
      }),
      { sql: insertAlert, args: { id: "a rate", evidence: JSON.stringify(OLD_RATE) } },
      { sql: insertAlert, args: { id: "b silence", evidence: JSON.stringify(OLD_SILENCE) } },
      { sql: insertAlert, args: { id: "c other", evidence: JSON.stringify(OTHER) } },
      { sql: insertAlert, args: { id: "d no unit", evidence: JSON.stringify({ ...OLD_RATE, per: 7 }) } },
      {
        sql: "INSERT INTO rule_instance (id, org, rule, series, version, condition, state, checkpoints) VALUES ('i', 'o', 'r', 's', 1, 'firing', :state, :checkpoints)",
        args: { state: JSON.stringify(episode(OLD_RATE)), checkpoints: JSON.stringify([calm, episode(OLD_RATE), episode(OTHER)]) },
      },
      {
        sql: "INSERT INTO inbox_message (id, org, channel, kind, title, text, alerts, created_at) VALUES ('m', 'o', 'c', 'firing', '', '', :alerts, 0)",
        args: { alerts: JSON.stringify([{ evidence: OLD_SILENCE }, { evidence: OTHER }]) },
      },
      {
        sql: "INSERT INTO delivery (id, org, channel, kind, alerts, payload, status, attempts, created_at) VALUES ('d', 'o', 'c', 'firing', '[]', :payload, 'waiting', 0, 0)",
        args: { payload: JSON.stringify({ at: 1, alerts: [{ evidence: OLD_RATE }], linkBase: null }) },
      },
    ]);
    await migrate(database, MIGRATIONS, 0);

    const tenant = createStores(database)({ newId: () => hashId("evt", []), traceparent: null, committed: [] }).forOrg(org);
    for (const [name, , , kind, condition] of RULES) {
      const id = idOf(name);
      const { id: _id, version, createdAt, updatedAt, ...definition } = (await tenant.rules.get(id))!;
      expect(definition).toEqual({ name, kind, condition, ...(kind === "composite" ? {} : { selector, ...ADDED }), ...COMMON });
      expect([version, createdAt, updatedAt]).toEqual([2, 3, 4]);
      expect(v.parse(RuleDefinition, definition)).toEqual(definition);
      const versions = (await tenant.history.list(id, { limit: 10 })).items;
      expect(versions.map(({ definition: kept }) => kept)).toEqual([null, definition]);
    }
    const column = async (sql: string) => (await database.read(sql, {})).map((row) => JSON.parse(row["json"] as string) as unknown);
    const noUnit = { ...OLD_RATE, kind: "rate-of-change", direction: "increase", per: 7 };
    expect(await column("SELECT evidence AS json FROM alert ORDER BY id")).toEqual([NEW_RATE, NEW_SILENCE, OTHER, noUnit]);
    expect(await column("SELECT state AS json FROM rule_instance")).toEqual([episode(NEW_RATE)]);
    expect(await column("SELECT checkpoints AS json FROM rule_instance")).toEqual([[calm, episode(NEW_RATE), episode(OTHER)]]);
    expect(await column("SELECT alerts AS json FROM inbox_message")).toEqual([[{ evidence: NEW_SILENCE }, { evidence: OTHER }]]);
    expect(await column("SELECT payload AS json FROM delivery")).toEqual([{ at: 1, alerts: [{ evidence: NEW_RATE }], linkBase: null }]);
    await end();
    await rm(folder, { recursive: true });
  },
);
