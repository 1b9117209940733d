import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AlertId, ChannelId, DeliveryId, GroupId } from "../contract/ids.ts";
import { hashId } from "../core/hash-id.ts";
import type { AttemptOutcome, DeliveryRecord, NewDelivery } from "../ports/alerting.ts";
import { testNotification } from "../testing/alerting.ts";
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

  const store = () => harness.deps.store.forOrg(harness.org).deliveries;
  const id = (name: string) => hashId<DeliveryId>("dlv", [name]);
  const alert = (name: string) => hashId<AlertId>("alt", [name]);
  const channel = hashId<ChannelId>("chn", ["c"]);

  const delivery = (name: string, changes: Partial<NewDelivery> = {}): NewDelivery => ({
    id: id(name),
    channel,
    group: hashId<GroupId>("grp", ["g"]),
    kind: "firing",
    alerts: [alert("a")],
    payload: testNotification(START),
    nextAttemptAt: START,
    ...changes,
  });

  test("a stored delivery reads back as it was, and is stored once", async () => {
    const stored = await store().insert(delivery("one"), START);
    expect(stored).toEqual({
      ...delivery("one"),
      status: "waiting",
      attempts: 0,
      replays: 0,
      createdAt: START,
      deliveredAt: null,
      lastStatus: null,
      lastError: null,
    });
    expect(await store().insert(delivery("one", { payload: testNotification(START + 1) }), START + 1)).toEqual(stored);
  });

  describe("lease", () => {
    test("a due delivery is taken once, and counts an attempt", async () => {
      await store().insert(delivery("one"), START);
      expect(await store().lease(id("one"), "me", START + 30_000, START)).toMatchObject({
        status: "sending",
        attempts: 1,
        nextAttemptAt: START + 30_000,
      });
      expect(await store().lease(id("one"), "you", START + 40_000, START + 29_999)).toBeNull();
    });

    test("a delivery is not taken before it is due", async () => {
      await store().insert(delivery("one", { nextAttemptAt: START + 1 }), START);
      expect(await store().lease(id("one"), "me", START + 30_000, START)).toBeNull();
      expect(await store().lease(id("one"), "me", START + 30_000, START + 1)).not.toBeNull();
    });

    test("what a lost sender held is taken by another, and the lost one can no longer end it", async () => {
      await store().insert(delivery("one"), START);
      await store().lease(id("one"), "lost", START + 30_000, START);
      expect(await store().lease(id("one"), "you", START + 60_000, START + 30_000)).toMatchObject({ attempts: 2 });
      expect(await store().finish(id("one"), "lost", { status: "delivered", at: START + 31_000, lastStatus: 200 })).toBe(false);
      expect(await store().get(id("one"))).toMatchObject({ status: "sending", deliveredAt: null });
      expect(await store().finish(id("one"), "you", { status: "delivered", at: START + 31_000, lastStatus: 200 })).toBe(true);
    });
  });

  const refused = { lastStatus: 503, lastError: "Unavailable" };
  const outcomes: [AttemptOutcome, Partial<DeliveryRecord>, boolean][] = [
    [
      { status: "delivered", at: START + 1, lastStatus: 204 },
      { status: "delivered", attempts: 2, deliveredAt: START + 1, lastStatus: 204 },
      false,
    ],
    [{ status: "retry", at: START + 5, ...refused }, { status: "waiting", attempts: 2, nextAttemptAt: START + 5, ...refused }, true],
    [
      { status: "dead", lastStatus: null, lastError: "No answer" },
      { status: "dead", attempts: 2, lastStatus: null, lastError: "No answer" },
      false,
    ],
    [
      { status: "postponed", at: START + 5 },
      { status: "waiting", attempts: 1, nextAttemptAt: START + 5, lastStatus: 500, lastError: "Boom" },
      true,
    ],
  ];
  test.each(outcomes)("an attempt that ends as %j leaves that behind", async (outcome, expected, due) => {
    await store().insert(delivery("one"), START);
    await store().lease(id("one"), "me", START + 1, START);
    await store().finish(id("one"), "me", { status: "retry", at: START, lastStatus: 500, lastError: "Boom" });
    await store().lease(id("one"), "me", START + 1, START);
    expect(await store().finish(id("one"), "me", outcome)).toBe(true);
    expect(await store().get(id("one"))).toMatchObject({ nextAttemptAt: null, ...expected });
    expect(await store().finish(id("one"), "me", outcome)).toBe(false);
    expect(await harness.deps.store.platform.alerting.deliveries(START + 10, { most: 10, ofChannel: 10 })).toHaveLength(due ? 1 : 0);
  });

  test("due deliveries are found across organisations, most overdue first, a lost sender's included", async () => {
    const other = harness.deps.store.forOrg(harness.otherOrg).deliveries;
    await store().insert(delivery("one", { nextAttemptAt: START + 2 }), START);
    await other.insert(delivery("two", { nextAttemptAt: START }), START);
    await store().insert(delivery("later", { nextAttemptAt: START + 9_000 }), START);
    const { alerting } = harness.deps.store.platform;
    expect(await alerting.nextAt()).toBe(START);
    await other.lease(id("two"), "lost", START + 3, START);
    expect(await alerting.nextAt()).toBe(START + 2);
    expect(await alerting.deliveries(START + 3, { most: 10, ofChannel: 10 })).toMatchObject([
      { org: harness.org, id: id("one") },
      { org: harness.otherOrg, id: id("two") },
    ]);
  });

  test("a resolve finds the firings about its alerts that its channel was given before, newest first", async () => {
    await store().insert(delivery("first", { alerts: [alert("a"), alert("b")] }), START);
    await store().insert(delivery("second"), START + 1);
    await store().insert(delivery("of others", { alerts: [alert("c")] }), START + 1);
    await store().insert(delivery("elsewhere", { channel: hashId<ChannelId>("chn", ["d"]) }), START + 1);
    const resolve = await store().insert(delivery("resolve", { kind: "resolved", alerts: [alert("b"), alert("a")] }), START + 2);
    await store().insert(delivery("after"), START + 3);
    expect(await store().takeOver(id("second"), [alert("b")], "replaced")).toBe(true);
    const found = await store().firingsBefore(resolve);
    // Of what they say alone what a resolve has to know: each may tell of thousands of alerts.
    expect(found.map(({ id: one, payload }) => [one, payload])).toEqual([
      [id("second"), { takenOver: [alert("b")] }],
      [id("first"), { takenOver: [] }],
    ]);
  });

  test("a delivery that another message replaces is dead, unless it is being sent or done", async () => {
    await store().insert(delivery("one"), START);
    await store().insert(delivery("two"), START);
    await store().lease(id("two"), "me", START + 1, START);
    expect(await store().takeOver(id("one"), [alert("a")], "The resolve says it")).toBe(true);
    expect(await store().takeOver(id("one"), [alert("a")], "Again")).toBe(false);
    expect(await store().takeOver(id("two"), [alert("a")], "The resolve says it")).toBe(false);
    expect(await store().get(id("one"))).toMatchObject({ status: "dead", nextAttemptAt: null, lastError: "The resolve says it" });
  });

  test("a delivery goes on with the alerts that others have not taken over, however often one is", async () => {
    await store().insert(delivery("one", { alerts: [alert("a"), alert("b"), alert("c")] }), START);
    for (const name of ["b", "a", "b"]) expect(await store().takeOver(id("one"), [alert(name)], "Said")).toBe(true);
    const { payload, ...left } = (await store().get(id("one")))!;
    expect(left).toMatchObject({ status: "waiting", nextAttemptAt: START, lastError: null });
    expect(payload).toEqual({ ...testNotification(START), takenOver: [alert("a"), alert("b")].toSorted() });
    expect(await store().takeOver(id("one"), [alert("c")], "Said")).toBe(true);
    expect(await store().get(id("one"))).toMatchObject({ status: "dead", lastError: "Said" });
  });

  test("deliveries are listed newest first, by status and channel, a page at a time", async () => {
    for (const [place, name] of ["one", "two", "three"].entries()) await store().insert(delivery(name), START + place);
    const elsewhere = hashId<ChannelId>("chn", ["d"]);
    await store().insert(delivery("four", { channel: elsewhere }), START + 3);
    await store().lease(id("two"), "me", START + 1, START);
    const names = async (filter: Parameters<ReturnType<typeof store>["list"]>[0], limit = 10, cursor?: string) => {
      const page = await store().list(filter, { limit, cursor });
      return {
        names: page.items.map((found) => ["one", "two", "three", "four"].find((name) => id(name) === found.id)),
        nextCursor: page.nextCursor,
      };
    };
    const first = await names({}, 3);
    expect(first.names).toEqual(["four", "three", "two"]);
    expect(await names({}, 3, first.nextCursor!)).toEqual({ names: ["one"], nextCursor: null });
    expect((await names({ status: "sending" })).names).toEqual(["two"]);
    expect((await names({ channel })).names).toEqual(["three", "two", "one"]);
    expect((await names({ channel, status: "waiting" })).names).toEqual(["three", "one"]);
  });

  test("deliveries of another organisation are neither read nor written", async () => {
    const stored = await store().insert(delivery("one"), START);
    const other = harness.deps.store.forOrg(harness.otherOrg).deliveries;
    expect(await other.get(id("one"))).toBeNull();
    expect((await other.list({}, { limit: 10 })).items).toEqual([]);
    expect((await other.list({ channel }, { limit: 10 })).items).toEqual([]);
    expect(await other.lease(id("one"), "me", START + 1, START)).toBeNull();
    expect(await other.takeOver(id("one"), [alert("a")], "x")).toBe(false);
    expect(await other.firingsBefore({ ...stored, createdAt: START + 1 })).toEqual([]);
    await store().lease(id("one"), "me", START + 1, START);
    expect(await other.finish(id("one"), "me", { status: "postponed", at: START })).toBe(false);
  });
});
