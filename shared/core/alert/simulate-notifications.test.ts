import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { AlertId, ChannelId, InstanceId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { decideFlush } from "./flush.ts";
import { addToGroup, DEFAULT_TIMERS, EMPTY_GROUP } from "./group.ts";
import type { SimulatedEpisode } from "./simulate.ts";
import { notificationsOf } from "./simulate-notifications.ts";
import { newInstance, step } from "./step.ts";
import type { Episode } from "./step.ts";
import type { Suppression } from "./suppression.ts";

const MINUTE = 60_000;
const patience = { repeatInterval: 60 * MINUTE, evalDelay: 0 };

/** An episode of some instance, in minutes. */
function episode(name: string, from: number, to: number | null, severity: "warning" | "critical" = "warning"): SimulatedEpisode {
  const timing = { for: 0, keepFiringFor: 0, noData: "keep_last", severity, interval: MINUTE } as const;
  const fired = step(newInstance(hashId<InstanceId>("ins", [name]), severity), timing, { at: from * MINUTE, outcome: "true" });
  const ended = to === null ? null : step(fired.instance, timing, { at: to * MINUTE, outcome: "false" });
  const told = [...fired.transitions, ...(ended?.transitions ?? [])].flatMap((transition) =>
    transition.kind === "episode" && transition.notify !== null
      ? [{ kind: transition.notify, at: transition.at, episode: transition.episode }]
      : [],
  );
  return { episode: told.at(-1)!.episode, peak: null, told };
}
const notified = (episodes: readonly SimulatedEpisode[], until: number, more: object = {}) =>
  notificationsOf(episodes, { ...patience, until: until * MINUTE, ...more }).map(({ at, kind, reason, alerts }) => [
    at / MINUTE,
    kind,
    reason,
    alerts.length,
  ]);

describe("what one channel gets", () => {
  test.each<[string, readonly SimulatedEpisode[], number, ReturnType<typeof notified>]>([
    ["of nothing is nothing", [], 100, []],
    [
      "of one alert is its firing after the wait, and its end at the next flush",
      [episode("a", 10, 14)],
      100,
      [
        [10.5, "firing", "first", 1],
        [15.5, "resolved", "all resolved", 1],
      ],
    ],
    ["of one that comes and goes before the flush is nothing", [episode("a", 10, 10.4)], 100, []],
    ["of two alerts together is one message", [episode("a", 10, null), episode("b", 10.2, null)], 60, [[10.5, "firing", "first", 2]]],
    [
      "of a later one tells both again, at the next flush",
      [episode("a", 10, null), episode("b", 31, null)],
      60,
      [
        [10.5, "firing", "first", 1],
        [35.5, "firing", "new alert", 2],
      ],
    ],
    [
      "of one that goes on is repeated",
      [episode("a", 10, null)],
      140,
      [
        [10.5, "firing", "first", 1],
        [70.5, "firing", "repeat", 1],
        [130.5, "firing", "repeat", 1],
      ],
    ],
    ["of a critical one comes at once", [episode("a", 10, null, "critical")], 20, [[10, "firing", "first", 1]]],
  ])("%s", (_, episodes, until, expected) => {
    expect(notified(episodes, until)).toEqual(expected);
  });

  test("what an evaluation changes is known once the rule has waited for late points", () => {
    expect(notified([episode("a", 10, null)], 20, { evalDelay: MINUTE })).toEqual([[11.5, "firing", "first", 1]]);
  });

  const hiding = (name: string, from: number, to: number) => (at: number) =>
    at < from * MINUTE || at >= to * MINUTE
      ? null
      : ({ id }: Pick<Episode, "id">): Suppression =>
          id === episode(name, 10, null).episode.id ? { by: ["silence:s"], until: to * MINUTE } : { by: [], until: null };

  test("of an alert that is hidden is nothing, and of another one beside it what there is to tell", () => {
    const hides = hiding("a", 0, 100);
    expect(notified([episode("a", 10, 20), episode("b", 10, 20)], 30, { hides })).toEqual([
      [10.5, "firing", "first", 1],
      [20.5, "resolved", "all resolved", 1],
    ]);
    expect(notified([episode("a", 10, 20)], 30, { hides })).toEqual([]);
  });

  test("of one that fires longer than it is hidden comes once when nothing hides it any more", () => {
    expect(notified([episode("a", 10, null)], 45, { hides: hiding("a", 0, 33) })).toEqual([[33, "firing", "first", 1]]);
    expect(notified([episode("a", 10, null)], 45, { hides: hiding("a", 22, 33) })).toEqual([
      [10.5, "firing", "first", 1],
      [33, "firing", "suppression ended", 1],
    ]);
  });
});

test("passing over flushes that tell nothing changes nothing that is told", () => {
  const minutes = fc.integer({ min: 0, max: 600 });
  const anyEpisodes = fc
    .uniqueArray(fc.tuple(minutes, minutes, fc.constantFrom("warning" as const, "critical" as const)), {
      maxLength: 8,
      selector: ([from]) => from,
    })
    .map((rows) =>
      rows.map(([from, length, severity], n) => episode(String(n), from, length > 500 ? null : from + Math.round(length / 7), severity)),
    );
  const resolveAtOnce = fc.boolean();
  const anyHidden = fc.array(fc.tuple(minutes, fc.integer({ min: 1, max: 120 })), { maxLength: 3 });
  fc.assert(
    fc.property(anyEpisodes, fc.constantFrom(7, 20, 61), resolveAtOnce, anyHidden, (episodes, repeat, atOnce, stretches) => {
      const timers = { ...DEFAULT_TIMERS, resolveAtOnce: atOnce };
      const until = 700 * MINUTE;
      const hides = hiddenIn(stretches);
      const asked = { repeatInterval: repeat * MINUTE, evalDelay: 0, until, timers, ...(stretches.length > 0 && { hides }) };
      expect(notificationsOf(episodes, asked)).toEqual(everyFlush(episodes, asked));
    }),
  );
});

/** Hides every alert whose id is of one half, in stretches from a minute on for so many. */
const hiddenIn = (stretches: readonly (readonly [from: number, minutes: number])[]) => (at: number) => {
  const ends = stretches.filter(([from, length]) => at >= from * MINUTE && at < (from + length) * MINUTE);
  if (ends.length === 0) return null;
  const until = Math.max(...ends.map(([from, length]) => (from + length) * MINUTE));
  return ({ id }: Pick<Episode, "id">): Suppression => (id.at(-1)! < "g" ? { by: ["silence:s"], until } : { by: [], until: null });
};

/** Each flush of the group as it falls due. */
function everyFlush(
  episodes: readonly SimulatedEpisode[],
  { repeatInterval, until, timers, hides }: Parameters<typeof notificationsOf>[1],
) {
  const changes = episodes.flatMap(({ told }) => told).toSorted((a, b) => a.at - b.at);
  const messages: object[] = [];
  const known = new Map<string, Episode>();
  let group = EMPTY_GROUP;
  const flush = (time: number): void => {
    while (group.nextFlushAt !== null && group.nextFlushAt < time) {
      const at = group.nextFlushAt;
      const hidden = (Object.keys(group.members) as AlertId[]).flatMap((alert) => {
        const suppression = hides?.(at)?.(known.get(alert)!);
        return suppression === undefined || suppression.by.length === 0 ? [] : [[alert, suppression.until] as const];
      });
      const flushed = decideFlush(group, [{ id: "chn_any" as ChannelId }], at, repeatInterval, timers, new Map(hidden));
      ({ group } = flushed);
      for (const { kind, reason, alerts } of flushed.messages) messages.push({ at, kind, reason, alerts });
    }
  };
  for (const { at, kind, episode: of } of changes) {
    flush(at);
    known.set(of.id, of);
    const state = kind === "resolved" ? kind : "firing";
    ({ group } = addToGroup(group, { alert: of.id, state, severity: of.severity, acknowledged: null }, timers!, at));
  }
  flush(until + 1);
  return messages;
}
