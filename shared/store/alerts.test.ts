import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AlertId, CommentId, GroupId, RuleId } from "../contract/ids.ts";
import type { Rule } from "../contract/rule.ts";
import { alertStatus } from "../core/alert/status.ts";
import { EMPTY_GROUP } from "../core/alert/group.ts";
import { acknowledge, resolveByHand } from "../core/alert/step.ts";
import type { Step } from "../core/alert/step.ts";
import { instanceChange } from "../core/alert/alert-record.ts";
import { hashId } from "../core/hash-id.ts";
import { fire, storeRule } from "../testing/alerting.ts";
import { DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { alertsStore } from "./alerts.ts";
import type { Database } from "./database.ts";

describe.each(DATABASES)("%s", (_where, open) => {
  let opened: TestDatabase;
  let harness: Harness;
  beforeEach(async () => {
    opened = await open();
    harness = await startHarness({ database: opened.database });
  });
  afterEach(() => opened.end());

  const tenant = () => harness.deps.store.forOrg(harness.org);
  const by = { kind: "key", id: "key_test", name: "Ada" } as const;

  async function act(rule: Rule, id: AlertId, move: (state: Parameters<typeof acknowledge>[0]) => Step) {
    const alert = (await tenant().alerts.get(id))!;
    const [loaded] = await tenant().instances.getMany([alert.instance]);
    const { instance: after, transitions } = move(loaded!.state);
    await tenant().instances.commit({ rule, changes: [instanceChange(loaded!, { after, transitions }, rule, alert.series)], at: START });
  }

  /** One alert of each status, and one whose acknowledgement has run out. */
  async function oneOfEach() {
    const rule = await storeRule(harness);
    const hosts = ["firing", "acknowledged", "lapsed", "suppressed", "resolved"] as const;
    const ids = new Map<string, AlertId>();
    for (const [place, host] of hosts.entries()) ids.set(host, await fire(harness, rule, { dimensions: { host }, at: START + place }));
    await act(rule, ids.get("acknowledged")!, (state) => acknowledge(state, by, START + 10, null));
    await act(rule, ids.get("lapsed")!, (state) => acknowledge(state, by, START + 10, 1_000));
    await act(rule, ids.get("resolved")!, (state) => resolveByHand(state, START + 10, by));
    const suppress = `UPDATE alert SET suppressed_by = '["silence"]' WHERE id = :id`;
    await harness.database.write([{ sql: suppress, args: { id: ids.get("suppressed")! } }]);
    return { rule, ids };
  }

  test("each status lists the alerts that are in it now, newest first, as the projection says", async () => {
    const { ids } = await oneOfEach();
    const now = START + 2_000;
    const listed = async (status?: "firing" | "acknowledged" | "suppressed" | "resolved") =>
      (await tenant().alerts.list({ status: status && [status] }, { limit: 10 }, now)).items;
    expect((await listed("firing")).map(({ id }) => id)).toEqual([ids.get("lapsed"), ids.get("firing")]);
    expect((await listed()).map(({ id }) => id)).toEqual([...ids.values()].toReversed());
    for (const status of ["firing", "acknowledged", "suppressed", "resolved"] as const) {
      const items = await listed(status);
      expect(items.length).toBeGreaterThan(0);
      expect(items.map((alert) => alertStatus(alert, now))).toEqual(items.map(() => status));
    }
  });

  test("what was acknowledged reads back with who did it, and until when", async () => {
    const { ids } = await oneOfEach();
    expect((await tenant().alerts.get(ids.get("lapsed")!))!.episode.acknowledged).toEqual({ by, at: START + 10, until: START + 1_010 });
    expect((await tenant().alerts.get(ids.get("firing")!))!.episode.acknowledged).toBeNull();
  });

  test("pages follow one another without a gap or an overlap, also among equal starts", async () => {
    const rule = await storeRule(harness);
    for (const host of ["a", "b", "c", "d", "e"]) await fire(harness, rule, { dimensions: { host } });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await tenant().alerts.list({}, { limit: 2, cursor }, START);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
  });

  test("alerts are filtered by rule, series, severity and metric", async () => {
    const cpu = await fire(harness, await storeRule(harness), { dimensions: { host: "a" } });
    const rule = await storeRule(harness, { selector: { metricKey: "load" }, severity: "critical" });
    const load = await fire(harness, rule);
    const series = tenant().series.idOf("cpu", { host: "a" });
    const listed = async (filter: object) => (await tenant().alerts.list(filter, { limit: 10 }, START)).items.map(({ id }) => id);
    expect(await listed({ rule: rule.id })).toEqual([load]);
    expect(await listed({ rule: rule.id, status: ["firing"] })).toEqual([load]);
    expect(await listed({ severity: "critical" })).toEqual([load]);
    expect(await listed({ metricKey: "cpu" })).toEqual([cpu]);
    expect(await listed({ series })).toEqual([cpu]);
    expect(await listed({ series, severity: "critical" })).toEqual([]);
  });

  test("open episodes of a rule leave out those that ended", async () => {
    const { rule, ids } = await oneOfEach();
    const open = (await tenant().alerts.openOfRule(rule.id)).map(({ id }) => id);
    expect(open.toSorted()).toEqual(
      [...ids]
        .filter(([host]) => host !== "resolved")
        .map(([, id]) => id)
        .toSorted(),
    );
  });

  test.each([
    [{}, "alert_started"],
    [{ status: ["firing"] }, "alert_open"],
    [{ rule: hashId<RuleId>("rul", ["r"]) }, "alert_rule"],
  ] as const)("a page of %j rides its index, newest first, without sorting", async (filter, index) => {
    const plans: string[] = [];
    const explaining: Database = {
      ...harness.database,
      async read(sql, args) {
        const plan = await harness.database.read(`EXPLAIN QUERY PLAN ${sql}`, args);
        plans.push(plan.map((row) => row["detail"] as string).join("\n"));
        return [];
      },
    };
    await alertsStore(explaining, harness.org).list(filter, { limit: 10 }, START);
    expect(plans).toEqual([expect.stringContaining(`USING INDEX ${index} (`)]);
    expect(plans[0]).not.toContain("TEMP B-TREE");
  });

  test("what fired in a window is found by its time, newest first, as matchers look at it", async () => {
    const rule = await storeRule(harness, { labels: { team: "infra" } });
    const ended = await fire(harness, rule, { dimensions: { host: "a" }, at: START });
    const open = await fire(harness, rule, { dimensions: { host: "b" }, at: START + 5 });
    await act(rule, ended, (state) => resolveByHand(state, START + 10, by));
    const between = async (from: number, to: number) =>
      (await tenant().alerts.firedDuring({ from: START + from, to: START + to })).map(({ id }) => id);
    expect(await between(0, 1)).toEqual([ended]);
    expect(await between(9, 20)).toEqual([open, ended]);
    expect(await between(10, 20)).toEqual([open]);
    expect(await between(-9, 0)).toEqual([]);
    expect(await between(30 * 86_400_000 + 6, 31 * 86_400_000)).toEqual([]);
    expect((await tenant().alerts.firedDuring({ from: START, to: START + 1 }))[0]).toMatchObject({
      rule: rule.id,
      labels: { team: "infra" },
      series: { metricKey: "cpu", dimensions: { host: "a" } },
      severity: "warning",
      startedAt: START,
      resolvedAt: START + 10,
    });
  });

  test("alerts of another organisation are neither read nor written", async () => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    const other = harness.deps.store.forOrg(harness.otherOrg);
    expect(await other.alerts.get(id)).toBeNull();
    expect(await other.alerts.getMany([id])).toEqual([]);
    expect((await other.alerts.list({}, { limit: 10 }, START)).items).toEqual([]);
    expect(await other.alerts.openOfRule(rule.id)).toEqual([]);
    expect(await other.alerts.firedDuring({ from: START, to: START + 1 })).toEqual([]);
    expect(await other.alerts.watchedDimensions(rule.id, [])).toEqual({ series: 0, dimensions: [] });
    await tenant().alerts.comment({ id: hashId<CommentId>("cmt", ["c"]), alert: id, at: START, actor: by, act: null, text: "Mine" });
    expect([...(await tenant().alerts.newestNotes([id]))]).toEqual([[id, "Mine"]]);
    expect(await other.alerts.newestNotes([id])).toEqual(new Map());
    const group = { id: hashId<GroupId>("grp", ["g"]), route: "root", labels: {}, version: 0, state: EMPTY_GROUP };
    await other.groups.save({ group, deliveries: [], notified: [id], at: START });
    expect((await tenant().alerts.getMany([id]))[0]).toMatchObject({ id, notificationCount: 0 });
  });
});
