import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { AlertId, ChannelId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { decideFlush } from "./flush.ts";
import type { FlushMessage } from "./flush.ts";
import { addToGroup, DEFAULT_TIMERS, EMPTY_GROUP } from "./group.ts";
import type { Change, GroupState } from "./group.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const REPEAT = 240 * MINUTE;
const [a, b] = (["a", "b"].map((name) => hashId<AlertId>("alt", [name])) as [AlertId, AlertId]).toSorted() as [AlertId, AlertId];
const [people, pager, manager] = ["people", "pager", "manager"].map((name) => ({ id: hashId<ChannelId>("chn", [name]) })) as [
  { id: ChannelId },
  { id: ChannelId },
  { id: ChannelId },
];
const paging = { ...pager, alertAMessage: true };
const managed = { ...manager, resendEvery: 3 * MINUTE };

const change = (alert: AlertId, more: Partial<Change> = {}): Change => ({
  alert,
  state: "firing",
  severity: "warning",
  acknowledged: null,
  ...more,
});
const add = (group: GroupState, one: Change, now: number) => addToGroup(group, one, DEFAULT_TIMERS, now).group;
const names = new Map([
  [people.id, "people"],
  [pager.id, "pager"],
  [manager.id, "manager"],
]);
const short = (messages: readonly FlushMessage[]) =>
  messages.map(
    ({ channel, kind, reason, alerts }) =>
      `${names.get(channel)} ${kind} ${alerts.map((id) => (id === a ? "a" : "b")).join("")}: ${reason}`,
  );
/** Flushes whenever a group is due until a time. */
function run(
  group: GroupState,
  to: Parameters<typeof decideFlush>[1],
  until: number,
  repeat = REPEAT,
): { group: GroupState; said: string[] } {
  const said: string[] = [];
  let next = group;
  while (next.nextFlushAt !== null && next.nextFlushAt <= until) {
    const now = next.nextFlushAt;
    const flushed = decideFlush(next, to, now, repeat);
    said.push(...short(flushed.messages).map((message) => `${now / SECOND} s ${message}`));
    next = flushed.group;
  }
  return { group: next, said };
}
const both = add(add(EMPTY_GROUP, change(a), 0), change(b), SECOND);

describe("a channel that is told one alert a message", () => {
  test("hears of each alone, and of a new one without those that it knows", () => {
    expect(run(both, [paging], MINUTE).said).toEqual(["30 s pager firing a: first", "30 s pager firing b: first"]);
    const one = run(add(EMPTY_GROUP, change(a), 0), [people, paging], MINUTE).group;
    expect(run(add(one, change(b), MINUTE), [people, paging], 6 * MINUTE).said).toEqual([
      "330 s people firing ab: new alert",
      "330 s pager firing b: new alert",
    ]);
  });

  test("hears of the one whose severity was raised, and of each end alone", () => {
    const { group } = run(both, [paging], MINUTE);
    const raised = add(group, change(b, { severity: "critical" }), MINUTE);
    expect(run(raised, [paging], 6 * MINUTE).said).toEqual(["330 s pager firing b: severity raised"]);
    const ended = add(add(group, change(a, { state: "resolved" }), MINUTE), change(b, { state: "resolved" }), MINUTE);
    expect(run(ended, [paging], 6 * MINUTE).said).toEqual(["330 s pager resolved a: all resolved", "330 s pager resolved b: all resolved"]);
  });

  test("hears repeats of each that nobody has acknowledged", () => {
    const { group } = run(both, [paging], MINUTE);
    const taken = add(group, change(a, { acknowledged: { until: null } }), MINUTE);
    expect(run(taken, [paging], 6 * MINUTE, 5 * MINUTE).said).toEqual(["330 s pager firing b: repeat"]);
  });
});

describe("a channel that is told again and again", () => {
  test("is told each three minutes, acknowledged or not, while others are told when their group is due", () => {
    const { group } = run(both, [people, managed], MINUTE);
    const taken = add(group, change(a, { acknowledged: { until: null } }), MINUTE);
    expect(run(taken, [people, managed], 13 * MINUTE, 10 * MINUTE).said).toEqual([
      "210 s manager firing ab: resend",
      "390 s manager firing ab: resend",
      "570 s manager firing ab: resend",
      "630 s people firing b: repeat",
      "750 s manager firing ab: resend",
    ]);
  });

  test("hears what is new in between; the others hear it at their time, as if nothing had been", () => {
    const one = run(add(EMPTY_GROUP, change(a), 0), [people, managed], MINUTE).group;
    const changed = add(add(one, change(b), MINUTE), change(a, { state: "resolved" }), 2 * MINUTE);
    expect(run(changed, [people, managed], 6 * MINUTE).said).toEqual([
      "210 s manager firing b: new alert",
      "210 s manager resolved a: some resolved",
      "330 s people firing b: new alert",
      "330 s people resolved a: some resolved",
    ]);
  });

  test("hears of the end in between once, and then there is nothing to flush", () => {
    const { group } = run(both, [people, managed], MINUTE);
    const ended = add(add(group, change(a, { state: "resolved" }), MINUTE), change(b, { state: "resolved" }), MINUTE);
    const { said, group: after } = run(ended, [people, managed], 60 * MINUTE);
    expect(said).toEqual(["210 s manager resolved ab: all resolved", "330 s people resolved ab: all resolved"]);
    expect(after).toEqual({ ...EMPTY_GROUP, flushNumber: after.flushNumber, lastNotifiedAt: 330 * SECOND });
  });

  test("where a resolve hurries, everybody is told", () => {
    const { group } = run(both, [people, managed], MINUTE);
    const timers = { ...DEFAULT_TIMERS, resolveAtOnce: true };
    const hurried = addToGroup(group, change(a, { state: "resolved" }), timers, MINUTE).group;
    expect(run(hurried, [people, managed], MINUTE).said).toEqual([
      "60 s people resolved a: some resolved",
      "60 s manager resolved a: some resolved",
    ]);
  });

  test("that is switched off in between leaves the others as they are", () => {
    const { group } = run(both, [people, managed], MINUTE);
    const ended = add(group, change(a, { state: "resolved" }), MINUTE);
    expect(run(ended, [people], 6 * MINUTE).said).toEqual(["330 s people resolved a: some resolved"]);
  });
});

test("whatever happens, each channel gets a resolve only for a firing it got, once, and in the end knows what fires", () => {
  const history = fc.array(
    fc.record({
      alert: fc.integer({ min: 0, max: 3 }),
      state: fc.constantFrom("firing" as const, "firing" as const, "resolved" as const),
      severity: fc.constantFrom("warning" as const, "critical" as const),
      waitMs: fc.integer({ min: 0, max: 4 * MINUTE }),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(history, (changes) => {
      const truth = new Map<AlertId, "firing" | "resolved">();
      const believed = new Map<ChannelId, Set<AlertId>>([people, paging, managed].map(({ id }) => [id, new Set()]));
      let group = EMPTY_GROUP;
      let now = 0;
      const work = () => {
        while (group.nextFlushAt !== null && group.nextFlushAt <= now) {
          const flushed = decideFlush(group, [people, paging, managed], group.nextFlushAt, REPEAT);
          group = flushed.group;
          for (const { channel, kind, alerts } of flushed.messages) {
            for (const id of alerts) {
              if (kind === "firing") believed.get(channel)!.add(id);
              else expect([truth.get(id), believed.get(channel)!.delete(id)]).toEqual(["resolved", true]);
            }
            if (channel === pager.id) expect(alerts).toHaveLength(1);
          }
        }
      };
      for (const { alert, state, severity, waitMs } of changes) {
        now += waitMs;
        work();
        const id = hashId<AlertId>("alt", [alert, truth.size >> 2]);
        if (truth.get(id) === "resolved" || (state === "resolved" && !truth.has(id))) continue;
        truth.set(id, state);
        group = add(group, change(id, { state, severity }), now);
      }
      now += 10 * MINUTE;
      work();
      const open = [...truth].filter(([, state]) => state === "firing").map(([id]) => id);
      for (const known of believed.values()) expect([...known].toSorted()).toEqual(open.toSorted());
      expect(group.nextFlushAt === null).toBe(open.length === 0);
    }),
  );
});
