import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { ChannelId, DeliveryId, GroupId } from "../contract/ids.ts";
import { EMPTY_GROUP } from "../core/alert/flush.ts";
import { hashId } from "../core/hash-id.ts";
import { evaluate, fire, storeRule, testNotification } from "../testing/alerting.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { startHranaServer } from "../testing/hrana-server.ts";
import type { HranaServer } from "../testing/hrana-server.ts";
import { openDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { createStores } from "./store.ts";
import { MIGRATIONS } from "../testing/memory-store.ts";

// Batches over HTTP answer rows and refusals in their own way: what alerting relies on must hold there too.

let harness: Harness;
let server: HranaServer;
let database: Database;
beforeEach(async () => {
  server = await startHranaServer();
  database = await openDatabase({ url: server.url });
  await migrate(database, MIGRATIONS, 0);
  const local = await startHarness();
  const store = createStores(database)({ newId: local.deps.newId, traceparent: null, committed: local.committed });
  const points = local.deps.store.forOrg(local.org);
  harness = {
    ...local,
    database,
    deps: { ...local.deps, store: { ...store, forOrg: (org) => ({ ...store.forOrg(org), points: points.points, series: points.series }) } },
  };
});
afterEach(async () => {
  harness.close();
  database.close();
  await server.stop();
});

test("over HTTP, too, whoever loses a race writes nothing", async () => {
  const rule = await storeRule(harness);
  const tenant = harness.deps.store.forOrg(harness.org);
  const id = await fire(harness, rule);
  const alert = (await tenant.alerts.get(id))!;
  expect(alert.episode).toMatchObject({ startedAt: START, value: 95, acknowledged: null });

  const [loaded] = await tenant.instances.getMany([alert.instance]);
  const stale = { instance: { ...loaded!, version: 0 }, alerts: [], transitions: [] };
  expect(await tenant.instances.commit({ rule, changes: [stale], at: START })).toBe(false);
  expect((await evaluate(harness, rule, { at: START + 60_000, outcome: "false", value: 1 })).won).toBe(true);
  expect((await tenant.alerts.get(id))!.episode.reason).toBe("recovered");
});

test("over HTTP, too, a delivery is leased once and ended by its owner", async () => {
  const tenant = harness.deps.store.forOrg(harness.org);
  const id = hashId<DeliveryId>("dlv", ["one"]);
  const group = { id: hashId<GroupId>("grp", ["g"]), version: 0, state: EMPTY_GROUP };
  const channel = hashId<ChannelId>("chn", ["c"]);
  const delivery = {
    id,
    channel,
    group: group.id,
    kind: "test",
    alerts: [],
    payload: testNotification(START),
    nextAttemptAt: START,
  } as const;
  expect(await tenant.groups.save({ group, deliveries: [delivery], notified: [], at: START })).toBe(true);
  expect(await tenant.groups.save({ group, deliveries: [], notified: [], at: START })).toBe(false);
  expect(await tenant.deliveries.lease(id, "me", START + 30_000, START)).toMatchObject({ status: "sending", attempts: 1 });
  expect(await tenant.deliveries.lease(id, "you", START + 30_000, START)).toBeNull();
  expect(await tenant.deliveries.finish(id, "you", { status: "postponed", at: START })).toBe(false);
  expect(await tenant.deliveries.finish(id, "me", { status: "delivered", at: START, lastStatus: 200 })).toBe(true);
});
