import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { AlertId, ChannelId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { decideFlush } from "./flush.ts";
import type { FlushMessage } from "./flush.ts";
import { addToGroup, DEFAULT_TIMERS, EMPTY_GROUP, rebaseFlush } from "./group.ts";
import type { Change, GroupState, Member } from "./group.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const REPEAT = 4 * HOUR;
const [a, b] = (["a", "b"].map((name) => hashId<AlertId>("alt", [name])) as [AlertId, AlertId]).toSorted() as [AlertId, AlertId];
const [slack, webhook] = ["slack", "webhook"].map((name) => hashId<ChannelId>("chn", [name])) as [ChannelId, ChannelId];
const channels = [{ id: slack }];

const fires = (alert: AlertId, changes: Partial<Member> = {}): Change => ({
  alert,
  state: "firing",
  severity: "warning",
  acknowledged: null,
  ...changes,
});
const ends = (alert: AlertId): Change => ({ ...fires(alert), state: "resolved" });
const add = (group: GroupState, change: Change, now: number, timers = DEFAULT_TIMERS) => addToGroup(group, change, timers, now).group;
const flush = (group: GroupState, now: number, to: Parameters<typeof decideFlush>[1] = channels) => decideFlush(group, to, now, REPEAT);
const short = (messages: readonly FlushMessage[]) =>
  messages.map(({ kind, reason, alerts }) => `${kind} ${alerts.map((id) => (id === a ? "a" : "b")).join("")}: ${reason}`);
/** A group that was told of `a` at 30 s: its next flushes are 5 minutes apart from there. */
const told = (changes: Partial<Member> = {}, to = channels) => flush(add(EMPTY_GROUP, fires(a, changes), 0), 30 * SECOND, to).group;
const next = (group: GroupState) => group.nextFlushAt!;

describe("when a group is flushed", () => {
  test("a new group gathers for groupWait, counted from its first alert", () => {
    const group = add(add(EMPTY_GROUP, fires(a), 1_000), fires(b), 20_000);
    expect(group.nextFlushAt).toBe(31_000);
  });

  test("a critical alert does not wait, and takes along what was waiting", () => {
    expect(add(EMPTY_GROUP, fires(a, { severity: "critical" }), 1_000).nextFlushAt).toBe(1_000);
    expect(add(add(EMPTY_GROUP, fires(a), 1_000), fires(b, { severity: "critical" }), 2_000).nextFlushAt).toBe(2_000);
    expect(add(add(EMPTY_GROUP, fires(a), 1_000), fires(a, { severity: "critical" }), 2_000).nextFlushAt).toBe(2_000);
  });

  test("a group that was told waits for its interval, for new alerts and for resolves", () => {
    const due = 30 * SECOND + 5 * MINUTE;
    expect(next(told())).toBe(due);
    expect(next(add(told(), fires(b, { severity: "critical" }), MINUTE))).toBe(due);
    expect(next(add(told(), ends(a), MINUTE))).toBe(due);
  });

  test("a resolve does not wait where the route says so", () => {
    const timers = { ...DEFAULT_TIMERS, resolveAtOnce: true };
    expect(next(add(told(), ends(a), MINUTE, timers))).toBe(MINUTE);
    expect(next(add(told(), fires(b), MINUTE, timers))).toBe(30 * SECOND + 5 * MINUTE);
  });

  test("before it is due a flush decides nothing and is not counted", () => {
    const group = add(EMPTY_GROUP, fires(a), 0);
    expect(flush(group, 30 * SECOND - 1)).toEqual({ messages: [], group, storms: new Map() });
    expect(flush(EMPTY_GROUP, HOUR)).toEqual({ messages: [], group: EMPTY_GROUP, storms: new Map() });
  });

  test("when everything has ended there is nothing to flush, and the next alert makes a new group with a later number", () => {
    const { group } = flush(add(told(), ends(a), MINUTE), 6 * MINUTE);
    expect(group).toEqual({ nextFlushAt: null, lastFlushAt: null, flushNumber: 2, members: {}, told: {}, lastNotifiedAt: 6 * MINUTE });
    expect(add(group, fires(b), 7 * MINUTE).nextFlushAt).toBe(7 * MINUTE + 30 * SECOND);
  });
});

describe("what a channel is told", () => {
  test("first, then nothing new, then a new alert with all that fires, then some and at last all resolved", () => {
    const first = flush(add(EMPTY_GROUP, fires(a), 0), 30 * SECOND);
    expect(short(first.messages)).toEqual(["firing a: first"]);
    expect(first.group.lastNotifiedAt).toBe(30 * SECOND);

    const quiet = flush(first.group, next(first.group));
    expect(quiet.messages).toEqual([]);
    expect([quiet.group.flushNumber, quiet.group.lastNotifiedAt]).toEqual([2, 30 * SECOND]);

    const joined = flush(add(quiet.group, fires(b), 6 * MINUTE), next(quiet.group));
    expect(short(joined.messages)).toEqual(["firing ab: new alert"]);

    const some = flush(add(joined.group, ends(a), 12 * MINUTE), next(joined.group));
    expect(short(some.messages)).toEqual(["resolved a: some resolved"]);

    const all = flush(add(some.group, ends(b), 18 * MINUTE), next(some.group));
    expect(short(all.messages)).toEqual(["resolved b: all resolved"]);
  });

  test("fired and resolved between two flushes: nothing, in a new group as in a told one", () => {
    const fresh = add(add(EMPTY_GROUP, fires(a), 0), ends(a), 10 * SECOND);
    expect(flush(fresh, HOUR)).toMatchObject({ messages: [], group: { nextFlushAt: null, members: {} } });
    const later = add(add(told(), fires(b), MINUTE), ends(b), 2 * MINUTE);
    expect(flush(later, HOUR).messages).toEqual([]);
  });

  test("only resolved and never told: nothing", () => {
    expect(addToGroup(EMPTY_GROUP, ends(a), DEFAULT_TIMERS, 0)).toEqual({ group: EMPTY_GROUP, reopened: [] });
    const resolvedForSlackOnly = flush(add(told(), ends(a), MINUTE), 6 * MINUTE, [{ id: slack }, { id: webhook }]);
    expect(resolvedForSlackOnly.messages.map(({ channel, kind }) => [channel, kind])).toEqual([[slack, "resolved"]]);
  });

  test("one ends and another begins: each is told", () => {
    const group = add(add(told(), ends(a), MINUTE), fires(b), 2 * MINUTE);
    expect(short(flush(group, 6 * MINUTE).messages)).toEqual(["firing b: new alert", "resolved a: some resolved"]);
  });

  test("each channel is compared with what it was told itself: a new one hears it as the first", () => {
    const { messages } = flush(add(told(), fires(b), MINUTE), 6 * MINUTE, [{ id: slack }, { id: webhook }]);
    expect(messages.map(({ channel, reason }) => [channel, reason])).toEqual([
      [slack, "new alert"],
      [webhook, "first"],
    ]);
  });

  test("a channel that was off in between is not told again of what it knows", () => {
    const off = flush(told(), 6 * MINUTE, []).group;
    expect(flush(off, 12 * MINUTE).messages).toEqual([]);
  });

  test("a channel that wants no resolves gets none", () => {
    const to = [{ id: slack, sendResolved: false }];
    expect(flush(add(told({}, to), ends(a), MINUTE), 6 * MINUTE, to).messages).toEqual([]);
  });

  test("up is told again even if acknowledged, down is not, and up again is", () => {
    const raised = flush(add(told(), fires(a, { severity: "critical", acknowledged: { until: null } }), MINUTE), 6 * MINUTE);
    expect(short(raised.messages)).toEqual(["firing a: severity raised"]);
    const lowered = flush(add(raised.group, fires(a), 7 * MINUTE), 12 * MINUTE);
    expect(lowered.messages).toEqual([]);
    const again = flush(add(lowered.group, fires(a, { severity: "critical" }), 13 * MINUTE), 18 * MINUTE);
    expect(short(again.messages)).toEqual(["firing a: severity raised"]);
  });
});

/** The flushes of a day that told something, with their minute after the first. */
function day(group: GroupState, repeatInterval: number) {
  const log: string[] = [];
  let current = group;
  while (next(current) <= 30 * SECOND + 24 * HOUR) {
    const now = next(current);
    const flushed = decideFlush(current, channels, now, repeatInterval);
    log.push(...short(flushed.messages).map((text) => `${(now - 30 * SECOND) / MINUTE} ${text}`));
    current = flushed.group;
  }
  return log;
}

describe("repeating", () => {
  test("what still fires is told again each four hours", () => {
    expect(day(told(), REPEAT)).toEqual([240, 480, 720, 960, 1_200, 1_440].map((minute) => `${minute} firing a: repeat`));
  });

  test("the repeat interval is rounded up to a multiple of groupInterval", () => {
    expect(day(told(), 7 * MINUTE).slice(0, 2)).toEqual(["10 firing a: repeat", "20 firing a: repeat"]);
    expect(day(told(), MINUTE).slice(0, 2)).toEqual(["5 firing a: repeat", "10 firing a: repeat"]);
  });

  test("an acknowledged alert is not repeated until its acknowledgement ends", () => {
    expect(day(told({ acknowledged: { until: null } }), REPEAT)).toEqual([]);
    expect(day(told({ acknowledged: { until: 30 * SECOND + 5 * HOUR } }), REPEAT)[0]).toBe("300 firing a: repeat");
  });

  test("beside an acknowledged alert the others are repeated alone", () => {
    const both = flush(add(add(EMPTY_GROUP, fires(a), 0), fires(b), 0), 30 * SECOND).group;
    expect(day(add(both, fires(a, { acknowledged: { until: null } }), MINUTE), REPEAT)[0]).toBe("240 firing b: repeat");
  });

  test("a new alert begins the interval anew", () => {
    const joined = flush(add(told(), fires(b), MINUTE), 30 * SECOND + 5 * MINUTE).group;
    expect(day(joined, REPEAT)[0]).toBe("245 firing ab: repeat");
  });
});

describe("acknowledged members", () => {
  test("open again when another alert begins to fire beside them, and only then", () => {
    const acknowledged = add(told(), fires(a, { acknowledged: { until: null } }), MINUTE);
    const joined = addToGroup(acknowledged, fires(b), DEFAULT_TIMERS, 2 * MINUTE);
    expect([joined.reopened, joined.group.members[a]!.acknowledged]).toEqual([[a], null]);
    expect(addToGroup(acknowledged, fires(a, { acknowledged: { until: null } }), DEFAULT_TIMERS, 2 * MINUTE).reopened).toEqual([]);
    expect(addToGroup(acknowledged, ends(b), DEFAULT_TIMERS, 2 * MINUTE).reopened).toEqual([]);
  });
});

describe("whatever happens", () => {
  const events = fc.array(
    fc.record({
      alert: fc.integer({ min: 0, max: 4 }),
      severity: fc.constantFrom("warning" as const, "critical" as const),
      acknowledged: fc.constantFrom(null, { until: null }),
      state: fc.constantFrom("firing" as const, "firing" as const, "resolved" as const),
      waitMs: fc.integer({ min: 0, max: 4 * MINUTE }),
      repeated: fc.boolean(),
    }),
    { maxLength: 60 },
  );

  test("a channel gets a resolve only for a firing it got, once, and in the end knows exactly what fires", () => {
    fc.assert(
      fc.property(events, fc.boolean(), (history, resolveAtOnce) => {
        const timers = { ...DEFAULT_TIMERS, resolveAtOnce };
        const truth = new Map<AlertId, "firing" | "resolved">();
        const believed = new Set<AlertId>();
        const resolved = new Set<AlertId>();
        let group = EMPTY_GROUP;
        let now = 0;
        const work = () => {
          const flushed = decideFlush(group, channels, now, REPEAT, timers);
          group = JSON.parse(JSON.stringify(flushed.group)) as GroupState;
          expect(decideFlush(group, channels, now, REPEAT, timers).messages).toEqual([]);
          for (const { kind, alerts } of flushed.messages) {
            expect(alerts.length).toBeGreaterThan(0);
            for (const id of alerts) {
              if (kind === "firing") {
                expect([truth.get(id), resolved.has(id)]).toEqual(["firing", false]);
                believed.add(id);
              } else {
                expect([truth.get(id), believed.delete(id), resolved.has(id)]).toEqual(["resolved", true, false]);
                resolved.add(id);
              }
            }
          }
        };
        for (const { alert, state, severity, acknowledged, waitMs, repeated } of history) {
          now += waitMs;
          work();
          const id = hashId<AlertId>("alt", [alert, truth.size >> 2]);
          // An episode that has ended never fires again.
          if (truth.get(id) === "resolved" || (state === "resolved" && !truth.has(id))) continue;
          truth.set(id, state);
          const change: Change = { alert: id, state, severity, acknowledged };
          group = add(group, change, now, timers);
          if (repeated) expect(add(group, change, now, timers)).toEqual(group);
        }
        now += HOUR;
        work();
        const open = [...truth].filter(([, state]) => state === "firing").map(([id]) => id);
        expect([...believed].toSorted()).toEqual(open.toSorted());
        expect(group.nextFlushAt === null).toBe(open.length === 0);
      }),
    );
  });
});

describe("a flush of a group that gathers on while it is decided", () => {
  const change = fc.record({
    alert: fc.constantFrom(a, b, hashId<AlertId>("alt", ["c"])),
    state: fc.constantFrom("firing" as const, "resolved" as const),
    severity: fc.constantFrom("warning" as const, "critical" as const),
    acknowledged: fc.constantFrom(null, { until: null }),
  });

  test("is followed by what came in meanwhile, as if that had come after it", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.array(change, { maxLength: 4 }), (first, meanwhile) => {
        const before = first.reduce((group, one) => add(group, one, 0), told());
        const now = next(before) ?? 10 * MINUTE;
        const { group: flushed } = flush(before, now);
        const present = meanwhile.reduce((group, one) => add(group, one, now), before);
        const rebased = rebaseFlush({ before, flushed, present }, DEFAULT_TIMERS, now)!;
        // What came in twice counts as it was last, and what was said again as nothing.
        const last = new Map(meanwhile.map((one) => [one.alert, one]));
        const isNews = ({ alert }: Change) => JSON.stringify(present.members[alert]) !== JSON.stringify(before.members[alert]);
        const after = [...last.values()]
          .filter(isNews)
          .reduce((group, { alert }) => add(group, { alert, ...present.members[alert]! }, now), flushed);
        expect(rebased.nextFlushAt).toBe(after.nextFlushAt);
        expect(new Set(Object.keys(rebased.members))).toEqual(new Set(Object.keys(after.members)));
        expect([rebased.told, rebased.flushNumber]).toEqual([flushed.told, flushed.flushNumber]);
      }),
    );
  });

  test.each([
    ["was flushed by another", (group: GroupState) => flush(group, next(group)).group],
    ["lost one of its alerts to another group", (group: GroupState) => ({ ...group, members: {} })],
  ])("is decided anew where the group %s", (_, meanwhile) => {
    const before = add(told(), fires(b), MINUTE);
    const { group: flushed } = flush(before, next(before));
    expect(rebaseFlush({ before, flushed, present: meanwhile(before) }, DEFAULT_TIMERS, next(before))).toBeNull();
  });
});

test("a group that was told while the clock was a day ahead tells what joins it within its interval all the same", () => {
  const ahead = flush(told(), 24 * HOUR).group;
  const joined = add(ahead, fires(b, { severity: "critical" }), MINUTE);
  expect(next(joined)).toBe(MINUTE + DEFAULT_TIMERS.groupInterval);
  expect(short(flush(joined, next(joined)).messages)).not.toEqual([]);
});
