import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { AlertId, ChannelId, DeliveryId, GroupId, InstanceId, RuleId, SeriesId } from "../contract/ids.ts";
import { EMPTY_GROUP } from "../core/alert/group.ts";
import { hashId } from "../core/hash-id.ts";
import type { OrgStore, PlatformStore } from "../ports/store.ts";
import { testPass } from "../testing/detection.ts";
import { storeRule, unstoredInstance } from "../testing/alerting.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import type { Statement } from "./database.ts";

let harness: Harness;
let series: SeriesId;
beforeEach(async () => {
  harness = await startHarness();
  series = await harness.store("cpu", [[START, 1]]);
});
afterEach(() => harness.close());

const LATER = START + 3_600_001;
const alert = hashId<AlertId>("alt", ["a"]);
const rule = hashId<RuleId>("rul", ["r"]);
const channel = hashId<ChannelId>("chn", ["c"]);

/** How the database goes about each statement that names its rows one by one. */
async function plansOf(work: (tenant: OrgStore, platform: PlatformStore) => Promise<unknown>): Promise<string[]> {
  const { read, write } = harness.database;
  const asked: Statement[] = [];
  Object.assign(harness.database, {
    read(sql: string, args: Statement["args"]) {
      asked.push({ sql, args });
      return read(sql, args);
    },
    write(statements: readonly Statement[]) {
      asked.push(...statements);
      return write(statements);
    },
  });
  await work(harness.deps.store.forOrg(harness.org), harness.deps.store.platform);
  const plans: string[] = [];
  for (const { sql, args } of asked.filter((statement) => /json_each|:series|points_ahead|started_at >= :from/.test(statement.sql))) {
    const rows = await read(`EXPLAIN QUERY PLAN ${sql}`, args);
    plans.push(...rows.map((row) => row["detail"] as string).filter((detail) => !detail.includes("VIRTUAL TABLE")));
  }
  return plans;
}

test.each<[string, string, (tenant: OrgStore, platform: PlatformStore) => Promise<unknown>]>([
  ["series", "s USING PRIMARY KEY (id=?)", (tenant) => tenant.series.getMany([series])],
  [
    "series that are stored, where there is no room for more,",
    "series USING PRIMARY KEY (id=?)",
    async (tenant) => {
      await harness.database.write([{ sql: "UPDATE org SET series_limit = 0", args: {} }]);
      return tenant.points.beyondLimit([tenant.series.resolve("unknown", {})]);
    },
  ],
  ["alerts", "alert USING PRIMARY KEY (id=?)", (tenant) => tenant.alerts.getMany([alert])],
  ["what alerts share", "a USING INDEX alert_rule_open (org=? AND rule=?)", (tenant) => tenant.alerts.openDimensions(rule, 9)],
  [
    "what the series of a rule have",
    "i USING INDEX rule_instance_series (org=? AND rule=?)",
    (tenant) => tenant.alerts.watchedDimensions(rule, [{ name: "host", value: "a" }]),
  ],
  ["notes on alerts", "c USING PRIMARY KEY (id=?)", (tenant) => tenant.alerts.newestNotes([alert])],
  [
    "earlier alerts",
    "alert USING INDEX alert_rule (org=? AND rule=? AND started_at>? AND started_at<?)",
    (tenant) => tenant.alerts.startedOfRule(rule, { from: START, to: LATER }),
  ],
  [
    "alerts that are told",
    "alert USING PRIMARY KEY (id=?)",
    (tenant) =>
      tenant.groups.save({
        group: { id: hashId<GroupId>("grp", ["g"]), route: "root", labels: {}, version: 0, state: EMPTY_GROUP },
        deliveries: [],
        notified: [alert],
        at: START,
      }),
  ],
  [
    "alerts that something hides",
    "alert USING PRIMARY KEY (id=?)",
    (tenant) => tenant.alerts.suppress([{ id: alert, suppressedBy: ["silence:sil_x"] }], { at: START, except: null }),
  ],
  [
    "groups of what nothing hides any more",
    "alert_group USING PRIMARY KEY (id=?)",
    (tenant) => tenant.alerts.suppress([{ id: alert, suppressedBy: [] }], { at: START, except: null }),
  ],
  ["instances", "i USING PRIMARY KEY (id=?)", (tenant) => tenant.instances.getMany([hashId<InstanceId>("ins", ["i"])])],
  [
    "instances that are forgotten",
    "rule_instance USING PRIMARY KEY (id=?)",
    async (tenant) => {
      const rule = await storeRule(harness);
      const change = { instance: unstoredInstance(harness, rule), alerts: [], transitions: [], forget: true };
      await tenant.instances.commit({ rule, changes: [change], at: START });
    },
  ],
  [
    "firings before a resolve",
    "d USING PRIMARY KEY (id=?)",
    (tenant) => tenant.deliveries.firingsBefore({ id: hashId<DeliveryId>("dlv", ["d"]), channel, alerts: [alert], createdAt: START }),
  ],
  [
    "what a channel was told of since",
    "f USING PRIMARY KEY (org=? AND channel=? AND alert=?)",
    (tenant) => tenant.deliveries.toldSince(channel, [alert], START),
  ],
  ["the storms of channels", "s USING PRIMARY KEY (channel=?)", (tenant) => tenant.storms.ofChannels([channel])],
  ["labels that were told", "t USING PRIMARY KEY (org=? AND channel=? AND alert=?)", (tenant) => tenant.toldLabels.of(channel, [alert])],
  [
    "the firings of an alert",
    "f USING PRIMARY KEY (org=? AND channel=? AND alert=?)",
    (tenant) => tenant.deliveries.firingsBefore({ id: hashId<DeliveryId>("dlv", ["d"]), channel, alerts: [alert], createdAt: START }),
  ],
  [
    "chunks that are merged",
    "chunk USING INTEGER PRIMARY KEY (rowid=?)",
    (_tenant, { compaction }) => compaction.compact(harness.org, { maxPoints: 10, now: LATER }),
  ],
  [
    "points whose time has come",
    "points_ahead USING INTEGER PRIMARY KEY (rowid=?)",
    (tenant) => tenant.detection.commit(testPass({ ahead: { add: [], remove: [1] } })),
  ],
  [
    "organisations with such points",
    "points_ahead USING COVERING INDEX points_ahead_due (due_at<?)",
    (_, { detecting }) => detecting.orgs(1, 9),
  ],
  [
    "anomalies that are cleared",
    "anomaly USING INDEX anomaly_cleared (series=? AND cleared_at=?)",
    (tenant) => tenant.detection.commit(testPass({ clears: [{ series, at: START }] })),
  ],
  [
    "detectors that are kept",
    "c USING INDEX sqlite_autoindex_detector_checkpoint_1 (series=? AND at<?)",
    (tenant) => tenant.detection.commit(testPass({ checkpoints: [series] })),
  ],
  [
    "kept detectors",
    "detector_checkpoint USING INDEX sqlite_autoindex_detector_checkpoint_1 (series=? AND at<?)",
    (tenant) => tenant.detection.checkpoints(series, { before: LATER, isRate: false }),
  ],
  ["what was said of series", "v USING PRIMARY KEY (series=? AND from_at>?)", (tenant) => tenant.verdicts.ofSeries([series])],
  [
    "what was said of a stretch",
    "anomaly_verdict USING PRIMARY KEY (series=? AND from_at<?)",
    (tenant) => tenant.verdicts.at(series, START),
  ],
  [
    "the anomalies of a stretch",
    "anomaly USING INDEX anomaly_series (series=? AND timestamp>? AND timestamp<?)",
    (tenant) => tenant.verdicts.remove(series, START, { version: 0, at: START }),
  ],
  [
    "anomalies by what was said of them",
    "a USING INDEX anomaly_series (series=? AND timestamp>? AND timestamp<?)",
    (tenant) => tenant.anomalies.list({ feedback: "incident" }, { limit: 9 }),
  ],
  [
    "the times of anomalies",
    "anomaly USING INDEX anomaly_series (series=? AND timestamp>? AND timestamp<?)",
    (tenant) => tenant.anomalies.timesOf(series, { from: 0, to: LATER }),
  ],
  [
    "chunks in a window",
    "c USING INDEX chunk_series (series=? AND t0>? AND t0<?)",
    (tenant) => tenant.points.readMany([series], { from: START, to: LATER }),
  ],
  [
    "chunks in a window of their series' own",
    "c USING INDEX chunk_series (series=? AND t0>? AND t0<?)",
    (tenant) => tenant.points.asOf(9, new Map([[series, { from: START, to: LATER }]])),
  ],
])("%s are looked up one by one, however many others the organisation has", async (_what, lookUp, work) => {
  const plans = await plansOf(work);
  // What a statement has gathered itself is gone through whole.
  expect(plans).toContain(`SEARCH ${lookUp}`);
  expect(plans.filter((detail) => /\(org=\?\)|^SCAN (?!ends)/.test(detail))).toEqual([]);
});
