import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { AlertId, ChannelId, GroupId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { decideFlush } from "./flush.ts";
import { DEFAULT_TIMERS, EMPTY_GROUP } from "./group.ts";
import type { Change, GroupState } from "./group.ts";
import { placeAlert } from "./placement.ts";
import type { Target } from "./placement.ts";

const MINUTE = 60_000;
const [a, b] = (["a", "b"].map((name) => hashId<AlertId>("alt", [name])) as [AlertId, AlertId]).toSorted() as [AlertId, AlertId];
const [g1, g2] = ["1", "2"].map((name) => hashId<GroupId>("grp", [name])) as [GroupId, GroupId];
const [pager, chat] = ["pager", "chat"].map((name) => hashId<ChannelId>("chn", [name])) as [ChannelId, ChannelId];

const fires = (alert: AlertId, changes: Partial<Change> = {}): Change => ({
  alert,
  state: "firing",
  severity: "warning",
  acknowledged: null,
  ...changes,
});
const target = (id: GroupId, ...channels: ChannelId[]): Target => ({
  id,
  timers: { ...DEFAULT_TIMERS, groupWait: 0 },
  tells: (channel) => channels.includes(channel),
});
/** Groups that lie side by side, and what was sent from them. */
function world() {
  let groups: ReadonlyMap<GroupId, GroupState> = new Map([
    [g1, EMPTY_GROUP],
    [g2, EMPTY_GROUP],
  ]);
  const sent: string[] = [];
  return {
    sent,
    group: (id: GroupId) => groups.get(id)!,
    place(change: Change, targets: readonly Target[], now: number) {
      groups = placeAlert(groups, change, targets, now).groups;
    },
    flush(id: GroupId, now: number, ...channels: ChannelId[]) {
      const listeners = [pager, chat].map((channel) => ({ id: channel, hears: () => channels.includes(channel) }));
      const flushed = decideFlush(groups.get(id)!, listeners, now, 4 * 60 * MINUTE);
      groups = new Map(groups).set(id, flushed.group);
      for (const { kind, channel, alerts } of flushed.messages) {
        sent.push(`${channel === pager ? "pager" : "chat"} ${kind} ${alerts.map((alert) => (alert === a ? "a" : "b")).join("")}`);
      }
    },
  };
}

describe("an alert whose routes change", () => {
  test("moves to its new group, where only those hear of it who have not yet; all of them hear of its end", () => {
    const on = world();
    on.place(fires(a), [target(g1, chat)], 0);
    on.flush(g1, 0, chat);
    on.place(fires(a), [target(g2, chat, pager)], MINUTE);
    expect(on.group(g1).members).toEqual({});
    on.flush(g2, MINUTE, chat, pager);
    on.place({ ...fires(a), state: "resolved" }, [target(g2, chat, pager)], 2 * MINUTE);
    on.flush(g1, 10 * MINUTE, chat);
    on.flush(g2, 10 * MINUTE, chat, pager);
    expect(on.sent).toEqual(["chat firing a", "pager firing a", "pager resolved a", "chat resolved a"]);
  });

  test("takes along what a channel knows that its new routes do not tell: it hears of the end, and of nothing else", () => {
    const on = world();
    on.place(fires(a), [target(g1, chat)], 0);
    on.flush(g1, 0, chat);
    on.place(fires(a, { severity: "critical" }), [target(g2, pager)], MINUTE);
    on.flush(g2, MINUTE, pager);
    on.place(fires(b), [target(g2, pager)], 2 * MINUTE);
    on.flush(g2, 6 * MINUTE, pager);
    on.place({ ...fires(a), state: "resolved" }, [target(g2, pager)], 7 * MINUTE);
    on.flush(g2, 12 * MINUTE, pager);
    expect(on.sent).toEqual(["chat firing a", "pager firing a", "pager firing ab", "pager resolved a", "chat resolved a"]);
  });

  test("the same change again changes nothing, and leaves the others where they are", () => {
    const on = world();
    on.place(fires(a), [target(g1, chat)], 0);
    on.place(fires(b), [target(g1, chat)], 0);
    on.flush(g1, 0, chat);
    on.place(fires(a), [target(g2, chat)], MINUTE);
    const before = [on.group(g1), on.group(g2)];
    on.place(fires(a), [target(g2, chat)], 2 * MINUTE);
    expect([on.group(g1), on.group(g2)]).toEqual(before);
    expect([Object.keys(before[0]!.members), Object.keys(before[1]!.members)]).toEqual([[b], [a]]);
    expect(before[0]!.told[chat]!.alerts).toEqual({ [b]: "warning" });
  });

  test("does not open again what somebody has taken on beside it, as one does that begins to fire", () => {
    const on = world();
    const taken = { acknowledged: { until: null } };
    on.place(fires(b, taken), [target(g2, chat)], 0);
    on.place(fires(a), [target(g1, chat)], 0);
    on.place(fires(a), [target(g2, chat)], MINUTE);
    expect(on.group(g2).members[b]!.acknowledged).toEqual({ until: null });
    const begun = placeAlert(new Map([[g2, on.group(g2)]]), fires(hashId<AlertId>("alt", ["c"])), [target(g2, chat)], MINUTE);
    expect([begun.reopened, begun.groups.get(g2)!.members[b]!.acknowledged]).toEqual([[b], null]);
  });

  test("one that has ended stays where it was told", () => {
    const on = world();
    on.place(fires(a), [target(g1, chat)], 0);
    on.flush(g1, 0, chat);
    on.place({ ...fires(a), state: "resolved" }, [target(g1, chat)], MINUTE);
    on.flush(g1, 6 * MINUTE, chat);
    on.flush(g2, 6 * MINUTE, chat);
    expect(on.sent).toEqual(["chat firing a", "chat resolved a"]);
  });
});

describe("whatever happens", () => {
  const act = fc.record({
    alert: fc.constantFrom(0, 1, 2),
    state: fc.constantFrom("firing" as const, "firing" as const, "resolved" as const),
    severity: fc.constantFrom("warning" as const, "critical" as const),
    routes: fc.subarray([0, 1, 2], { minLength: 1 }),
    hidden: fc.subarray([0, 1, 2]),
    waitMs: fc.integer({ min: 0, max: 7 * MINUTE }),
  });
  const GROUPS = ["x", "y", "z"].map((name) => hashId<GroupId>("grp", [name]));
  /** Which channels the route of each group tells: some share one. */
  const tells = [[pager], [pager, chat], [chat]];

  test("a channel that keeps a state gets one resolve for what it was told, and none for what it was not, in any order of changes", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (history) => {
        let groups: ReadonlyMap<GroupId, GroupState> = new Map(GROUPS.map((id) => [id, EMPTY_GROUP]));
        const truth = new Map<AlertId, "firing" | "resolved">();
        const routesOf = new Map<AlertId, readonly number[]>();
        const open = new Set<string>();
        const done = new Set<string>();
        const runs: AlertId[] = [0, 1, 2].map((n) => hashId<AlertId>("alt", [n, 0]));
        let hiddenNow = new Map<AlertId, number | null>();
        let now = 0;
        const owner = (alert: AlertId, channel: ChannelId) => (routesOf.get(alert) ?? []).find((n) => tells[n]!.includes(channel));
        const flush = () => {
          for (const [n, id] of GROUPS.entries()) {
            const listeners = [pager, chat].map((channel) => ({
              id: channel,
              isStateful: true,
              hears: (alert: AlertId) => owner(alert, channel) === n,
            }));
            const { messages, group } = decideFlush(groups.get(id)!, listeners, now, MINUTE, DEFAULT_TIMERS, hiddenNow);
            groups = new Map(groups).set(id, JSON.parse(JSON.stringify(group)) as GroupState);
            for (const { channel, kind, alerts } of messages) {
              for (const alert of alerts) {
                const what = `${channel} ${alert}`;
                expect(done.has(what)).toBe(false);
                expect(kind === "firing" && hiddenNow.has(alert)).toBe(false);
                expect(truth.get(alert)).toBe(kind);
                if (kind === "firing") open.add(what);
                else {
                  expect(open.delete(what)).toBe(true);
                  done.add(what);
                }
              }
            }
          }
        };
        for (const { alert: n, state, severity, routes, hidden, waitMs } of history) {
          now += waitMs;
          // An episode that has ended never fires again: the next one is another.
          if (truth.get(runs[n]!) === "resolved") runs[n] = hashId<AlertId>("alt", [n, now, truth.size]);
          const alert = runs[n]!;
          if (state === "resolved" && !truth.has(alert)) continue;
          truth.set(alert, state);
          if (state === "firing") routesOf.set(alert, routes);
          const holding = GROUPS.filter((id) => Object.hasOwn(groups.get(id)!.members, alert));
          const targets = state === "resolved" ? holding : routesOf.get(alert)!.map((route) => GROUPS[route]!);
          groups = placeAlert(
            groups,
            { alert, state, severity, acknowledged: null },
            targets.map((id) => ({ id, timers: DEFAULT_TIMERS, tells: (channel) => tells[GROUPS.indexOf(id)]!.includes(channel) })),
            now,
          ).groups;
          hiddenNow = new Map(hidden.map((which) => [runs[which]!, null]));
          flush();
        }
        // In the end nothing is hidden, and each channel knows exactly what fires on its routes.
        hiddenNow = new Map();
        for (let n = 0; n < 3; n += 1) {
          now += 60 * MINUTE;
          flush();
        }
        const firing = [...truth].filter(([, state]) => state === "firing").map(([alert]) => alert);
        for (const channel of [pager, chat]) {
          for (const alert of firing) if (owner(alert, channel) !== undefined) expect(open.has(`${channel} ${alert}`)).toBe(true);
        }
        for (const what of open) expect(firing.some((alert) => what.endsWith(alert))).toBe(true);
      }),
    );
  });
});
