import { describe, expect, test } from "@jest/globals";
import type { AlertId, ChannelId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { decideFlush } from "./flush.ts";
import type { Listener } from "./flush.ts";
import { addToGroup, DEFAULT_TIMERS, EMPTY_GROUP } from "./group.ts";
import type { GroupState, Member } from "./group.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const [a, b] = (["a", "b"].map((name) => hashId<AlertId>("alt", [name])) as [AlertId, AlertId]).toSorted() as [AlertId, AlertId];
const channel = hashId<ChannelId>("chn", ["c"]);
const people: Listener = { id: channel };
const pager: Listener = { id: channel, isStateful: true };

const add = (group: GroupState, alert: AlertId, now: number, changes: Partial<Member> = {}) =>
  addToGroup(group, { alert, state: "firing", severity: "critical", acknowledged: null, ...changes }, DEFAULT_TIMERS, now).group;
const flush = (
  group: GroupState,
  hidden: readonly AlertId[],
  now = group.nextFlushAt!,
  { until = null as number | null, to = people } = {},
) => {
  const suppressed = new Map(hidden.map((id) => [id, until]));
  const flushed = decideFlush(group, [to], now, 4 * HOUR, DEFAULT_TIMERS, suppressed);
  const sent = flushed.messages.map(({ kind, alerts, reason }) => {
    return `${kind} ${alerts.map((id) => (id === a ? "a" : "b")).join("")}: ${reason}`;
  });
  return { group: flushed.group, sent };
};

describe("an alert that is hidden", () => {
  test("is not told, and told once when it no longer is", () => {
    const silent = flush(add(EMPTY_GROUP, a, 0), [a]);
    expect(silent.sent).toEqual([]);
    const after = flush(silent.group, []);
    expect(after.sent).toEqual(["firing a: first"]);
    expect(flush(after.group, []).sent).toEqual([]);
  });

  test("that was told before is told once more when it no longer is", () => {
    const told = flush(add(EMPTY_GROUP, a, 0), []).group;
    const silent = flush(told, [a]);
    const after = flush(flush(silent.group, [a]).group, []);
    expect([...silent.sent, ...after.sent]).toEqual(["firing a: suppression ended"]);
    expect(flush(after.group, []).sent).toEqual([]);
  });

  test("but not if somebody has taken it on", () => {
    const told = flush(add(EMPTY_GROUP, a, 0), []).group;
    const silent = flush(add(told, a, MINUTE, { acknowledged: { until: null } }), [a]).group;
    expect(flush(silent, []).sent).toEqual([]);
  });

  test("is not repeated", () => {
    const told = flush(add(EMPTY_GROUP, a, 0), []).group;
    expect(flush(told, [a], 5 * HOUR).sent).toEqual([]);
  });

  test("is left out of what is told of the others", () => {
    const group = add(add(EMPTY_GROUP, a, 0), b, 0);
    expect(flush(group, [a]).sent).toEqual(["firing b: first"]);
  });

  test("has its group looked at when the hiding ends, and at the group's interval at the latest", () => {
    const group = add(EMPTY_GROUP, a, 0);
    expect(flush(group, [a], 0, { until: 2 * MINUTE }).group.nextFlushAt).toBe(2 * MINUTE);
    expect(flush(group, [a], 0, { until: HOUR }).group.nextFlushAt).toBe(5 * MINUTE);
    expect(flush(group, [a], 0).group.nextFlushAt).toBe(5 * MINUTE);
  });

  test("does not make others wait that begin later", () => {
    const silent = flush(add(EMPTY_GROUP, a, 0), [a]).group;
    expect(add(silent, a, MINUTE)).toEqual(silent);
    expect(add(silent, b, MINUTE).nextFlushAt).toBe(MINUTE);
    expect(add(silent, b, MINUTE, { severity: "warning" }).nextFlushAt).toBe(MINUTE + 30_000);
  });

  test("is told as raised if it was told as a warning and became critical meanwhile", () => {
    const told = flush(add(EMPTY_GROUP, a, 0, { severity: "warning" }), []).group;
    const silent = flush(add(told, a, MINUTE), [a]).group;
    expect(flush(silent, []).sent).toEqual(["firing a: severity raised"]);
  });
});

describe("an alert that ends while it is hidden", () => {
  const told = (to: Listener) => flush(add(EMPTY_GROUP, a, 0), [], 0, { to }).group;
  const ends = (group: GroupState) => add(group, a, MINUTE, { state: "resolved" });

  test("is closed where a state is kept, once", () => {
    const closed = flush(ends(told(pager)), [a], 5 * MINUTE, { to: pager });
    expect(closed.sent).toEqual(["resolved a: all resolved"]);
    expect(closed.group.nextFlushAt).toBeNull();
  });

  test("is not told to people", () => {
    expect(flush(ends(told(people)), [a], 5 * MINUTE).sent).toEqual([]);
  });

  test("is told nobody who was never told of it", () => {
    const silent = flush(add(EMPTY_GROUP, a, 0), [a], 0, { to: pager }).group;
    expect(flush(ends(silent), [a], 5 * MINUTE, { to: pager }).sent).toEqual([]);
    expect(flush(ends(silent), [], 5 * MINUTE, { to: pager }).sent).toEqual([]);
  });
});

test("a channel that another group tells of an alert hears nothing of it here, but of the end of what it was told here", () => {
  const deaf: Listener = { id: channel, hears: () => false };
  expect(flush(add(EMPTY_GROUP, a, 0), [], 0, { to: deaf }).sent).toEqual([]);
  const told = flush(add(EMPTY_GROUP, a, 0), []).group;
  expect(flush(add(told, b, MINUTE), [], 5 * MINUTE, { to: deaf }).sent).toEqual([]);
  const ended = add(told, a, MINUTE, { state: "resolved" });
  expect(flush(ended, [], 5 * MINUTE, { to: deaf }).sent).toEqual(["resolved a: all resolved"]);
});
