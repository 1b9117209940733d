import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as v from "valibot";
import { RuleDefinition } from "../../contract/rule.ts";
import type { AlertId, ChannelId, InstanceId, OrgId, RuleId, SeriesId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { decideFlush } from "./flush.ts";
import type { Listener } from "./flush.ts";
import { addToGroup, DEFAULT_TIMERS, EMPTY_GROUP } from "./group.ts";
import type { GroupState, Member } from "./group.ts";
import type { SampledRule } from "./sampled.ts";
import { notificationsOf } from "./simulate-notifications.ts";
import { simulateRule } from "./simulate.ts";
import { acknowledge, endEpisode, newInstance, resolveByHand, step } from "./step.ts";
import type { Episode, Instance, Timing, Transition } from "./step.ts";

const MINUTE = 60_000;
const ada = { kind: "user", id: "usr_1", name: "Ada" } as const;
const timing: Timing = { for: 0, keepFiringFor: 0, noData: "keep_last", severity: "warning", interval: MINUTE };
const fresh = newInstance(hashId<InstanceId>("ins", ["flapping"]), "warning");

/** Evaluates once a minute, one digit each: 1 is true, 0 false, anything else no evaluation. */
function run(course: string, before: Instance = fresh, from = 0): { instance: Instance; transitions: readonly Transition[] } {
  const transitions: Transition[] = [];
  let instance = before;
  for (const [n, digit] of course.split("").entries()) {
    if (digit !== "0" && digit !== "1") continue;
    const next = step(instance, timing, { at: (from + n) * MINUTE, outcome: digit === "1" ? "true" : "false" });
    transitions.push(...next.transitions);
    ({ instance } = next);
  }
  return { instance, transitions };
}
/** What people are to be told, with its minute; the episode by the minute it began. */
const told = (transitions: readonly Transition[]) =>
  transitions.flatMap((one) =>
    one.kind === "episode" && one.notify !== null ? [`${one.at / MINUTE} ${one.notify} ${one.episode.startedAt / MINUTE}`] : [],
  );

describe("an instance that flaps", () => {
  test.each([
    ["three changes are none", "1011", ["0 firing 0", "1 resolved 0", "2 firing 2"]],
    ["the fourth is told once, of the one that ended with it", "1010", ["0 firing 0", "1 resolved 0", "2 firing 2", "3 flapping 2"]],
    [
      "four that take twenty evaluations are none",
      "1_____0_____1_______0",
      ["0 firing 0", "6 resolved 0", "12 firing 12", "20 resolved 12"],
    ],
    ["four that take nineteen are", "1_____0_____1______0", ["0 firing 0", "6 resolved 0", "12 firing 12", "19 flapping 12"]],
    [
      "nothing is told until four evaluations changed nothing, and then that what was told is over",
      "1010101010000",
      ["0 firing 0", "1 resolved 0", "2 firing 2", "3 flapping 2"],
    ],
    [
      "or that it fires, while the one that was told is closed",
      "1010100010111110",
      ["0 firing 0", "1 resolved 0", "2 firing 2", "3 flapping 2", "14 closed 2", "14 firing 10", "15 resolved 10"],
    ],
    [
      "calm is the fourth evaluation that changes nothing",
      "10100000",
      ["0 firing 0", "1 resolved 0", "2 firing 2", "3 flapping 2", "7 resolved 2"],
    ],
    ["a change at the fourth is none", "10100001", ["0 firing 0", "1 resolved 0", "2 firing 2", "3 flapping 2"]],
    [
      "evaluations that were left out count as those that changed nothing",
      "1010____1",
      ["0 firing 0", "1 resolved 0", "2 firing 2", "3 flapping 2", "8 resolved 2", "8 firing 8"],
    ],
    [
      "once it is calm, changes are counted anew",
      "1010000010",
      ["0 firing 0", "1 resolved 0", "2 firing 2", "3 flapping 2", "7 resolved 2", "8 firing 8", "9 resolved 8"],
    ],
  ])("%s", (_, course, expected) => {
    expect(told(run(course).transitions)).toEqual(expected);
  });

  test("keeps every episode and every state of its condition", () => {
    const { transitions } = run("101010101");
    expect(transitions.filter(({ kind }) => kind === "condition")).toHaveLength(9);
    expect(transitions.filter(({ reason }) => reason === "fired")).toHaveLength(5);
    expect(transitions.filter(({ reason }) => reason === "flapping")).toMatchObject([{ from: "resolved", to: "resolved", at: 3 * MINUTE }]);
  });

  test("is one that begins firing too, where its first change was an end", () => {
    const { instance, transitions } = run("1___________________________0101");
    expect(told(transitions).at(-1)).toBe("31 flapping 31");
    expect(instance.flapping).toMatchObject({ from: 28 * MINUTE, since: 31 * MINUTE, episode: { startedAt: 31 * MINUTE } });
  });

  test("remembers four changes at most", () => {
    const changes = Array.from(
      { length: 60 },
      (_, n) => run(Array.from({ length: n }, (__, at) => (at % 7 < 4 ? "1" : "0")).join("")).instance.changes,
    );
    expect(Math.max(...changes.map((some) => some?.length ?? 0))).toBe(3);
  });

  test("that somebody resolves by hand, or whose rule is gone, is calm: what was told to fire is told to be over", () => {
    const { instance } = run("101011");
    expect(instance.flapping).toBeDefined();
    const byHand = resolveByHand(instance, 6 * MINUTE, ada);
    expect([told(byHand.transitions), byHand.instance.flapping, byHand.instance.changes]).toEqual([
      ["6 resolved 4", "6 resolved 2"],
      undefined,
      undefined,
    ]);
    const gone = endEpisode(run("1010").instance, 5 * MINUTE, "rule_deleted");
    expect(told(gone.transitions)).toEqual(["5 resolved 2"]);
  });

  test("that somebody has taken on stays taken on", () => {
    const { instance } = run("1_______________________0101");
    const { instance: taken } = acknowledge(instance, ada, 28 * MINUTE, null);
    const calm = run("111", taken, 29);
    expect(calm.instance.episode?.acknowledged).not.toBeNull();
    expect(calm.transitions.at(-1)).toMatchObject({ reason: "calm", from: "acknowledged", to: "acknowledged" });
  });
});

const channel = "chn_any" as ChannelId;

/** What a channel is told of a course whose group is flushed whenever it is due, while each change is known at once. */
function groupTold(
  course: string,
  listener: Partial<Listener> = {},
): readonly { readonly text: string; readonly alerts: readonly AlertId[] }[] {
  const episodes = new Map<AlertId, Episode>();
  const messages: { text: string; alerts: readonly AlertId[] }[] = [];
  let [instance, group]: [Instance, GroupState] = [fresh, EMPTY_GROUP];
  const memberOf = ({ id, severity, acknowledged, resolvedAt }: Episode): Member => {
    const { flapping } = instance;
    const isHidden = flapping !== undefined && (resolvedAt === null || resolvedAt >= flapping.since);
    const flaps = isHidden ? { flapping: flapping.episode.id === id ? "begun" : "goes on" } : {};
    return { state: resolvedAt === null ? "firing" : "resolved", severity, acknowledged, ...flaps } as Member;
  };
  const flushUntil = (time: number) => {
    while (group.nextFlushAt !== null && group.nextFlushAt < time) {
      const at = group.nextFlushAt;
      const members = Object.fromEntries((Object.keys(group.members) as AlertId[]).map((id) => [id, memberOf(episodes.get(id)!)]));
      // As whoever flushes finds out: more is said of the instance than that these ended.
      const over = (Object.keys(members) as AlertId[]).filter((id) => members[id]!.state === "resolved" && !members[id]!.flapping);
      const isMore = (id: AlertId) =>
        instance.flapping !== undefined || (group.noticed?.includes(id) === true && instance.episode !== null);
      const suppressed = new Map(over.filter(isMore).map((id) => [id, null]));
      const flushed = decideFlush({ ...group, members }, [{ id: channel, ...listener }], at, 240 * MINUTE, DEFAULT_TIMERS, suppressed);
      ({ group } = flushed);
      for (const { kind, reason, alerts } of flushed.messages) {
        const began = alerts.map((id) => episodes.get(id)!.startedAt / MINUTE).join(",");
        messages.push({ text: `${at / MINUTE} ${kind} ${began}: ${reason}`, alerts });
      }
    }
  };
  for (const [n, digit] of course.split("").entries()) {
    flushUntil(n * MINUTE);
    const next = step(instance, timing, { at: n * MINUTE, outcome: digit === "1" ? "true" : "false" });
    ({ instance } = next);
    const changed = new Map(next.transitions.flatMap((one) => (one.kind === "episode" ? [[one.episode.id, one.episode] as const] : [])));
    for (const [alert, episode] of changed) {
      episodes.set(alert, episode);
      ({ group } = addToGroup(group, { alert, ...memberOf(episode) }, DEFAULT_TIMERS, n * MINUTE));
    }
  }
  flushUntil((course.length + 20) * MINUTE);
  return messages;
}
const texts = (course: string, listener: Partial<Listener> = {}) => groupTold(course, listener).map(({ text }) => text);

const courses = fc
  .array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 7 })), { maxLength: 40 })
  .map((parts) => `${parts.map(([fires, length]) => (fires ? "1" : "0").repeat(length)).join("")}${"0".repeat(10)}`);
const rule = {
  ...v.parse(RuleDefinition, {
    name: "CPU is high",
    kind: "threshold",
    selector: { metricKey: "cpu" },
    condition: { operator: "gt", value: 90 },
    evalDelay: "0s",
  }),
  id: "rul_a" as RuleId,
  version: 1,
  createdAt: 0,
  updatedAt: 0,
} as SampledRule;

describe("the group of an instance that flaps", () => {
  test("tells that it does at once, and when it is calm that what it told is over", () => {
    expect(texts(`1110001${"01".repeat(10)}00000000`)).toEqual([
      "0.5 firing 0: first",
      "5.5 resolved 0: all resolved",
      "6.5 firing 6: first",
      "7 firing 6: flapping",
      "31 resolved 6: all resolved",
    ]);
  });

  test("tells when it is calm what fires then, and not the end of what flapped, but to channels that keep a state", () => {
    const course = `1110001${"01".repeat(10)}11111111`;
    const people = [
      "0.5 firing 0: first",
      "5.5 resolved 0: all resolved",
      "6.5 firing 6: first",
      "7 firing 6: flapping",
      "30 firing 26: new alert",
    ];
    expect(texts(course)).toEqual(people);
    expect(texts(course, { isStateful: true })).toEqual([...people, "30 resolved 6: some resolved"]);
  });

  test("tells in a backtest what it tells live", () => {
    let flapped = 0;
    fc.assert(
      fc.property(courses, (course) => {
        const timestamps = Float64Array.from(course, (_, n) => n * MINUTE);
        const values = Float64Array.from(course, (digit) => (digit === "1" ? 95 : 50));
        const nothing = { lo: [], hi: [], anomalies: [], cadence: null, metricKey: "cpu", dimensions: {} };
        const of = { id: "ser_a" as SeriesId, org: "org_a" as OrgId };
        const episodes = simulateRule(rule, { ...nothing, ...of, timestamps, values }, (course.length - 1) * MINUTE);
        const began = new Map(episodes.map(({ episode }) => [episode.id, episode.startedAt / MINUTE]));
        const told = notificationsOf(episodes, { repeatInterval: 240 * MINUTE, evalDelay: 0, until: (course.length + 20) * MINUTE });
        const said = told.map(({ at, kind, reason, alerts }) => {
          return `${at / MINUTE} ${kind} ${alerts.map((id) => began.get(id)).join(",")}: ${reason}`;
        });
        expect(said).toEqual(texts(course));
        flapped += Number(said.some((text) => text.endsWith("flapping")));
      }),
      { seed: 4 },
    );
    expect(flapped).toBeGreaterThan(20);
  });

  test("tells a channel that keeps a state the end of each firing that it was told of, once, whatever happens", () => {
    let flapped = 0;
    fc.assert(
      fc.property(courses, (course) => {
        const firing = new Set<AlertId>();
        for (const { text, alerts } of groupTold(course, { isStateful: true })) {
          flapped += Number(text.endsWith("flapping"));
          for (const alert of alerts) {
            if (text.includes("firing")) firing.add(alert);
            else expect(firing.delete(alert)).toBe(true);
          }
        }
        expect([...firing]).toEqual([]);
      }),
      { seed: 3 },
    );
    expect(flapped).toBeGreaterThan(20);
  });
});
