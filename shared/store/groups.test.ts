import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AlertId, ChannelId, DeliveryId, GroupId } from "../contract/ids.ts";
import { EMPTY_GROUP } from "../core/alert/group.ts";
import { ROOT_ROUTE } from "../core/alert/keys.ts";
import { hashId } from "../core/hash-id.ts";
import type { NewDelivery } from "../ports/alerting.ts";
import { fire, storeRule, testNotification } from "../testing/alerting.ts";
import { DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

describe.each(DATABASES)("%s", (_where, open) => {
  let opened: TestDatabase;
  let harness: Harness;
  beforeEach(async () => {
    opened = await open();
    harness = await startHarness({ database: opened.database });
  });
  afterEach(() => opened.end());

  const tenant = () => harness.deps.store.forOrg(harness.org);
  const id = hashId<GroupId>("grp", ["g"]);
  const root = { route: ROOT_ROUTE, labels: {} };

  const delivery = (alerts: readonly AlertId[], flush = 1): NewDelivery => ({
    id: hashId<DeliveryId>("dlv", [flush]),
    channel: hashId<ChannelId>("chn", ["c"]),
    group: id,
    kind: "firing",
    alerts,
    payload: testNotification(flush),
    nextAttemptAt: START,
  });

  test("a flush writes the group, its deliveries and the counts of its alerts, and reads back", async () => {
    const alert = await fire(harness, await storeRule(harness));
    const state = { ...EMPTY_GROUP, nextFlushAt: START + 5, flushNumber: 1 };
    expect(await tenant().groups.get(id)).toBeNull();
    const flush = { deliveries: [delivery([alert])], notified: [alert], at: START + 1 };
    expect(await tenant().groups.save({ group: { id, ...root, version: 0, state }, ...flush })).toBe(true);
    expect(await tenant().groups.get(id)).toEqual({ id, ...root, version: 1, state });
    expect(await tenant().deliveries.get(delivery([]).id)).toMatchObject({ status: "waiting", attempts: 0, alerts: [alert] });
    expect(await tenant().alerts.get(alert)).toMatchObject({ notificationCount: 1, lastNotifiedAt: START + 1 });
  });

  test("of two flushes of the same version the second writes nothing", async () => {
    const alert = await fire(harness, await storeRule(harness));
    const group = { id, ...root, version: 0, state: EMPTY_GROUP };
    expect(await tenant().groups.save({ group, deliveries: [], notified: [], at: START })).toBe(true);
    expect(await tenant().groups.save({ group, deliveries: [delivery([alert])], notified: [alert], at: START })).toBe(false);
    expect(await tenant().groups.save({ group: { ...group, version: 1 }, deliveries: [], notified: [], at: START })).toBe(true);
    expect(await tenant().groups.save({ group: { ...group, version: 1 }, deliveries: [], notified: [], at: START })).toBe(false);
    expect(await tenant().deliveries.get(delivery([]).id)).toBeNull();
    expect((await tenant().alerts.get(alert))!.notificationCount).toBe(0);
  });

  test("a message that is there already is not stored again", async () => {
    const group = { id, ...root, version: 0, state: EMPTY_GROUP };
    await tenant().groups.save({ group, deliveries: [delivery([])], notified: [], at: START });
    await tenant().deliveries.lease(delivery([]).id, "me", START + 1, START);
    const again = { ...delivery([]), payload: testNotification(2) };
    expect(await tenant().groups.save({ group: { ...group, version: 1 }, deliveries: [again], notified: [], at: START + 9 })).toBe(true);
    expect(await tenant().deliveries.get(again.id)).toMatchObject({ payload: testNotification(1), status: "sending", createdAt: START });
  });

  test("groups whose flush is due are found across organisations, most overdue first", async () => {
    const other = harness.deps.store.forOrg(harness.otherOrg);
    const later = hashId<GroupId>("grp", ["later"]);
    const save = (store: ReturnType<typeof tenant>, group: GroupId, nextFlushAt: number | null) =>
      store.groups.save({
        group: { id: group, ...root, version: 0, state: { ...EMPTY_GROUP, nextFlushAt } },
        deliveries: [],
        notified: [],
        at: START,
      });
    await save(tenant(), id, START + 2);
    await save(other, hashId("grp", ["other"]), START + 1);
    await save(other, later, START + 3);
    await save(other, hashId("grp", ["idle"]), null);
    const { alerting } = harness.deps.store.platform;
    expect(await alerting.nextAt()).toBe(START + 1);
    expect(await alerting.flushes(START + 2, 10)).toEqual([
      { org: harness.otherOrg, id: hashId("grp", ["other"]) },
      { org: harness.org, id },
    ]);
    expect(await alerting.flushes(START + 9, 1)).toHaveLength(1);
  });

  test("groups of another organisation are neither read nor written", async () => {
    await tenant().groups.save({ group: { id, ...root, version: 0, state: EMPTY_GROUP }, deliveries: [], notified: [], at: START });
    const other = harness.deps.store.forOrg(harness.otherOrg).groups;
    expect(await other.get(id)).toBeNull();
    const state = { ...EMPTY_GROUP, flushNumber: 9 };
    await other.save({ group: { id, ...root, version: 0, state }, deliveries: [], notified: [], at: START });
    await other.save({ group: { id, ...root, version: 1, state }, deliveries: [], notified: [], at: START });
    expect(await tenant().groups.get(id)).toEqual({ id, ...root, version: 1, state: EMPTY_GROUP });
  });
});
