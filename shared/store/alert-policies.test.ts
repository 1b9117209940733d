import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import type { Actor } from "../contract/actor.ts";
import { InhibitionDefinition, RoutesDefinition } from "../contract/alert-policy.ts";
import type { AlertId, GroupId } from "../contract/ids.ts";
import { EMPTY_GROUP } from "../core/alert/group.ts";
import type { PolicyDefinitions } from "../core/alert/compile-policies.ts";
import { NO_POLICIES } from "../core/alert/policies.ts";
import { hashId } from "../core/hash-id.ts";
import { MOST_POLICIES } from "../ports/alert-policies.ts";
import type { StoredPolicy } from "../ports/alert-policies.ts";
import { fire, storeRule } from "../testing/alerting.ts";
import { DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

const ACTOR: Actor = { kind: "user", id: "usr_1", name: "Ada" };
const matchers = [{ name: "host", op: "=" as const, value: "a" }];
const DOWN = v.parse(InhibitionDefinition, { name: "Down", source: matchers, target: matchers });

describe.each(DATABASES)("%s", (_where, open) => {
  let opened: TestDatabase;
  let harness: Harness;
  beforeEach(async () => {
    opened = await open();
    harness = await startHarness({ database: opened.database });
  });
  afterEach(() => opened.end());

  const of = (org = harness.org) => harness.deps.store.forOrg(org).alertPolicies;
  const inhibition = (changes: Partial<StoredPolicy<"inhibition">> = {}): StoredPolicy<"inhibition"> => {
    return { kind: "inhibition", id: "inh_1", version: 1, definition: DOWN, createdAt: START, updatedAt: START, ...changes };
  };
  const silence = (id: string, startsAt: number, endsAt: number): StoredPolicy<"silence"> => {
    const definition: PolicyDefinitions["silence"] = { matchers, author: "Ada", reason: "Works", startsAt, endsAt };
    return { kind: "silence", id, version: 1, definition, createdAt: START, updatedAt: START };
  };

  test("a policy reads back, in its organisation and under its kind alone", async () => {
    expect(await of().insert(inhibition(), ACTOR)).toBe(true);
    expect(await of().get("inhibition", "inh_1")).toEqual(inhibition());
    expect(await of().get("mute-window", "inh_1")).toBeNull();
    expect(await of(harness.otherOrg).get("inhibition", "inh_1")).toBeNull();
    expect((await of(harness.otherOrg).list("inhibition", { limit: 10 })).items).toEqual([]);
    expect(await of(harness.otherOrg).inForce(START)).toBe(NO_POLICIES);
    expect((await of().inForce(START)).inhibitions.map(({ id }) => id)).toEqual(["inh_1"]);
  });

  test("of two changes of one version the second writes nothing, no history either", async () => {
    await of().insert(inhibition(), ACTOR);
    const [a, b] = ["A", "B"].map((name) => inhibition({ version: 2, definition: { ...DOWN, name }, updatedAt: START + 1 }));
    expect([await of().replace(a!, ACTOR), await of().replace(b!, ACTOR)]).toEqual([true, false]);
    expect(await of().remove(inhibition(), ACTOR, START + 2)).toBe(false);
    expect(await of(harness.otherOrg).replace(inhibition({ version: 3 }), ACTOR)).toBe(false);
    expect(await of(harness.otherOrg).remove(a!, ACTOR, START + 2)).toBe(false);
    expect((await of().history("inhibition", "inh_1", { limit: 10 })).items).toEqual([
      { version: 1, at: START, actor: ACTOR, before: null, after: DOWN },
      { version: 2, at: START + 1, actor: ACTOR, before: DOWN, after: { ...DOWN, name: "A" } },
    ]);
    expect(await of().remove(a!, ACTOR, START + 3)).toBe(true);
    expect(await of().replace(inhibition({ version: 4 }), ACTOR)).toBe(false);
    const { items } = await of().history("inhibition", "inh_1", { limit: 10, cursor: "2" });
    expect(items).toEqual([{ version: 3, at: START + 3, actor: ACTOR, before: { ...DOWN, name: "A" }, after: null }]);
    expect((await of(harness.otherOrg).history("inhibition", "inh_1", { limit: 10 })).items).toEqual([]);
  });

  test("there is one tree of routes, and so many of the others", async () => {
    const tree = (groupWait: string): StoredPolicy<"routes"> => {
      const definition = v.parse(RoutesDefinition, { groupWait });
      return { kind: "routes", id: "rte_1", version: 1, definition, createdAt: START, updatedAt: START };
    };
    expect([await of().insert(tree("1s"), ACTOR), await of().insert(tree("2s"), ACTOR)]).toEqual([true, false]);
    expect((await of().history("routes", "rte_1", { limit: 10 })).items).toHaveLength(1);
    expect((await of().inForce(START)).routes.find({})[0]!.timers.groupWait).toBe(1_000);
    for (let n = 0; n < MOST_POLICIES.inhibition; n += 1) await of().insert(inhibition({ id: `inh_${n}` }), ACTOR);
    expect(await of().insert(inhibition({ id: "inh_more" }), ACTOR)).toBe(false);
    expect((await of().history("inhibition", "inh_more", { limit: 10 })).items).toEqual([]);
  });

  test("a silence is in force until its end, and found by its state", async () => {
    await of().insert(silence("sil_1", START, START + 5), ACTOR);
    await of().insert(silence("sil_2", START + 3, START + 9), ACTOR);
    const found = async (state: "pending" | "active" | "expired", now: number) =>
      (await of().silences(state, { limit: 10 }, now)).items.map(({ id }) => id);
    expect([await found("pending", START), await found("active", START), await found("expired", START)]).toEqual([
      ["sil_2"],
      ["sil_1"],
      [],
    ]);
    expect([await found("active", START + 4), await found("expired", START + 5)]).toEqual([["sil_1", "sil_2"], ["sil_1"]]);
    expect((await of().inForce(START + 5)).silences.map(({ id }) => id)).toEqual(["sil_2"]);
    const { items, nextCursor } = await of().list("silence", { limit: 1 });
    expect([items.map(({ id }) => id), nextCursor]).toEqual([["sil_1"], "sil_1"]);
  });

  test("organisations are looked at in which something may hide alerts, or some are hidden", async () => {
    const due = (now = START) => harness.deps.store.platform.suppression.orgs("", now, 10);
    const alert = await fire(harness, await storeRule(harness));
    expect(await due()).toEqual([]);
    await of(harness.otherOrg).insert(silence("sil_1", START, START + 5), ACTOR);
    expect([await due(), await due(START + 5)]).toEqual([[harness.otherOrg], []]);
    const { alerts } = harness.deps.store.forOrg(harness.org);
    await alerts.suppress([{ id: alert, suppressedBy: ["silence:sil_0"] }], { at: START, except: null });
    expect(await due()).toEqual([harness.org, harness.otherOrg].toSorted());
  });

  test("what hides an alert is written for its own organisation, and wakes the told groups of what is hidden no more", async () => {
    const alert = await fire(harness, await storeRule(harness));
    const { alerts, groups } = harness.deps.store.forOrg(harness.org);
    const state = {
      ...EMPTY_GROUP,
      nextFlushAt: START + 300,
      lastFlushAt: START,
      members: { [alert]: { state: "firing" as const, severity: "warning" as const, acknowledged: null } },
    };
    const ids = ["told", "kept", "new", "foreign"].map((name) => hashId<GroupId>("grp", [name]));
    const [told, kept, fresh, foreign] = ids.map((id) => ({ id, route: "root", labels: {}, version: 0, state }));
    await groups.saveAll([told!, kept!, { ...fresh!, state: { ...state, lastFlushAt: null } }]);
    await harness.deps.store.forOrg(harness.otherOrg).groups.saveAll([foreign!]);
    expect((await groups.ofAlerts([alert])).map(({ id }) => id).toSorted()).toEqual(ids.slice(0, 3).toSorted());
    expect(await groups.ofAlerts([hashId<AlertId>("alt", ["none"])])).toEqual([]);

    const other = harness.deps.store.forOrg(harness.otherOrg);
    await other.alerts.suppress([{ id: alert, suppressedBy: ["silence:theirs"] }], { at: START + 1, except: null });
    expect((await alerts.get(alert))!.suppressedBy).toEqual([]);
    await alerts.suppress([{ id: alert, suppressedBy: ["silence:ours"] }], { at: START + 1, except: null });
    expect((await alerts.open()).map(({ id, suppressedBy }) => [id, suppressedBy])).toEqual([[alert, ["silence:ours"]]]);
    expect((await groups.get(told!.id))!.version).toBe(1);

    await alerts.suppress([{ id: alert, suppressedBy: [] }], { at: START + 2, except: kept!.id });
    expect(await groups.get(told!.id)).toEqual({ ...told!, version: 2, state: { ...state, nextFlushAt: START + 2 } });
    expect((await groups.get(kept!.id))!.version).toBe(1);
    expect((await groups.get(fresh!.id))!.version).toBe(1);
    expect((await other.groups.get(foreign!.id))!.version).toBe(1);
    expect((await harness.deps.store.platform.alerting.flushes(START + 2, 10)).map(({ id }) => id)).toEqual([told!.id]);

    await groups.wakeAll(START + 1);
    expect((await groups.get(kept!.id))!.state.nextFlushAt).toBe(START + 1);
    expect((await other.groups.get(foreign!.id))!.version).toBe(1);
  });

  test("a group that is written again has the members that it has now", async () => {
    const { groups } = harness.deps.store.forOrg(harness.org);
    const [a, b] = ["a", "b"].map((name) => hashId<AlertId>("alt", [name])) as [AlertId, AlertId];
    const member = { state: "firing" as const, severity: "warning" as const, acknowledged: null };
    const group = { id: hashId<GroupId>("grp", ["g"]), route: "root", labels: { team: "db" }, version: 0, state: EMPTY_GROUP };
    await groups.saveAll([{ ...group, state: { ...EMPTY_GROUP, members: { [a]: member } } }]);
    expect(await groups.saveAll([{ ...group, version: 1, state: { ...EMPTY_GROUP, members: { [b]: member } } }])).toBe(true);
    expect([await groups.ofAlerts([a]), (await groups.ofAlerts([b])).map(({ labels, version }) => [labels, version])]).toEqual([
      [],
      [[{ team: "db" }, 2]],
    ]);
    expect(await groups.saveAll([{ ...group, version: 1 }])).toBe(false);
    expect(await groups.ofAlerts([b])).toHaveLength(1);
  });
});
