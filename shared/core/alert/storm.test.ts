import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { AlertId, ChannelId } from "../../contract/ids.ts";
import type { Severity } from "../../contract/rule.ts";
import { hashId } from "../hash-id.ts";
import { decideFlush } from "./flush.ts";
import { addToGroup, DEFAULT_TIMERS, EMPTY_GROUP } from "./group.ts";
import type { GroupState } from "./group.ts";
import { admit, CALM, isStorm, STORM_WINDOW_MS, stormOverAt } from "./storm.ts";
import type { Storm } from "./storm.ts";

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;
const HOUR = 60 * MINUTE;
const channel = hashId<ChannelId>("chn", ["c"]);
const id = (name: string) => hashId<AlertId>("alt", [name]);
const some = (count: number, severity: Severity) => Array.from({ length: count }, (_, n) => ({ id: id(`${severity} ${n}`), severity }));
/** Of a channel that was told of so many, so many minutes ago. */
const after = (told: readonly (readonly [minutes: number, alerts: number])[], heldAgo: number | null = null): Storm => ({
  told: told.map(([minutes, alerts]) => ({ at: NOW - minutes * MINUTE, alerts })),
  heldAt: heldAgo === null ? null : NOW - heldAgo * MINUTE,
});

describe("of new alerts a channel with a limit of 10", () => {
  test.each<[string, Storm, critical: number, warnings: number, tells: [critical: number, warnings: number], roomIn: number | null]>([
    ["is told while there are few", CALM, 1, 7, [1, 7], null],
    ["is told critical ones up to its limit", CALM, 12, 0, [10, 0], 10],
    ["is told fewer warnings, so that there is room for critical ones", CALM, 0, 12, [0, 8], 10],
    ["has the room that warnings leave for critical ones alone", after([[3, 8]]), 3, 5, [2, 0], 7],
    ["is told critical ones before warnings", after([[3, 4]]), 3, 5, [3, 1], 7],
    ["is told again of as much as was told ten minutes ago", after([[10, 10]]), 4, 6, [4, 4], 10],
    [
      "is not told of warnings in a storm until half of it is free",
      after(
        [
          [9, 2],
          [2, 5],
        ],
        1,
      ),
      0,
      3,
      [0, 0],
      8,
    ],
    [
      "is told of those that waited together once it is",
      after(
        [
          [9, 1],
          [2, 3],
        ],
        1,
      ),
      0,
      5,
      [0, 4],
      8,
    ],
    [
      "is told of critical ones in a storm as soon as there is room",
      after(
        [
          [9, 2],
          [2, 7],
        ],
        1,
      ),
      2,
      2,
      [1, 0],
      1,
    ],
    ["is told as ever fifteen minutes after the last was held back", after([[9, 5]], 15), 0, 4, [0, 3], 1],
    ["has room whatever a clock wrote that was wrong", after([[-60, 10]], -60), 0, 4, [0, 4], null],
  ])("%s", (_, storm, critical, warnings, [tellsCritical, tellsWarnings], roomIn) => {
    const news = [...some(warnings, "warning"), ...some(critical, "critical")];
    const { held, roomAt, notice } = admit(storm, news, 10, NOW);
    const waits = [...some(critical, "critical").slice(tellsCritical), ...some(warnings, "warning").slice(tellsWarnings)];
    expect(held).toEqual(waits.map((alert) => alert.id));
    expect(roomAt).toBe(roomIn === null ? null : NOW + roomIn * MINUTE);
    expect(notice !== null).toBe(waits.length > 0 && !isStorm(storm, NOW));
  });

  test("is told when one is held back for the first time, with how many wait and until when", () => {
    const begun = admit(after([[1, 4]]), some(9, "warning"), 10, NOW);
    expect(begun.notice).toEqual({ told: 8, held: 5, until: 5 });
    expect(admit(begun.storm, some(9, "warning"), 10, NOW + MINUTE).notice).toBeNull();
    expect(stormOverAt(begun.storm)).toBe(NOW + 15 * MINUTE);
    expect(stormOverAt(CALM)).toBeNull();
  });
});

const SEVERITIES = ["warning", "critical"] as const;
const arbitraryAlerts = fc.array(
  fc.record({
    group: fc.nat(3),
    severity: fc.constantFrom(...SEVERITIES),
    from: fc.integer({ min: 0, max: 60 }),
    lasts: fc.option(fc.integer({ min: 0, max: 120 }), { nil: null }),
  }),
  { maxLength: 60 },
);

test("whatever comes in whatever order: never more than the limit in a window, and what still fires when it is calm is told once", () => {
  fc.assert(
    fc.property(arbitraryAlerts, fc.integer({ min: 1, max: 12 }), (alerts, limit) => {
      const groups: GroupState[] = Array.from({ length: 4 }, () => EMPTY_GROUP);
      let storm = CALM;
      const told: { at: number; alert: AlertId }[] = [];
      const ended: AlertId[] = [];
      let notices = 0;
      let wasHeldBack = false;
      const flushUntil = (until: number): void => {
        for (;;) {
          const [due] = groups.map(({ nextFlushAt }, n) => ({ n, at: nextFlushAt ?? Infinity })).toSorted((a, b) => a.at - b.at);
          if (due!.at > until) return;
          const listener = { id: channel, isStateful: true, alertAMessage: true, storm: { state: storm, limit } };
          const { messages, group, storms } = decideFlush(groups[due!.n]!, [listener], due!.at, 1e6 * HOUR);
          groups[due!.n] = group;
          wasHeldBack ||= group.heldBack !== undefined;
          storm = storms.get(channel) ?? storm;
          notices += messages.filter(({ reason }) => reason === "storm").length;
          for (const { kind, alerts: about } of messages) {
            if (kind === "resolved") ended.push(...about);
            else told.push(...about.map((alert) => ({ at: due!.at, alert })));
          }
        }
      };
      const begins = alerts.map((alert, n) => ({ ...alert, id: id(String(n)), at: alert.from * MINUTE, state: "firing" as const }));
      const ends = begins.flatMap((one) =>
        one.lasts === null ? [] : [{ ...one, at: one.at + one.lasts * MINUTE + 1, state: "resolved" as const }],
      );
      for (const { id: alert, group, severity, state, at } of [...begins, ...ends].toSorted((a, b) => a.at - b.at)) {
        flushUntil(at - 1);
        groups[group] = addToGroup(groups[group]!, { alert, state, severity, acknowledged: null }, DEFAULT_TIMERS, at).group;
      }
      flushUntil(60 * HOUR);

      for (const { at } of told) {
        expect(told.filter((one) => one.at >= at && one.at < at + STORM_WINDOW_MS).length).toBeLessThanOrEqual(limit);
      }
      const stay = begins.filter(({ lasts }) => lasts === null).map((alert) => alert.id);
      const ids = told.map(({ alert }) => alert);
      expect(new Set(ids).size).toBe(ids.length);
      expect(stay.filter((alert) => !ids.includes(alert))).toEqual([]);
      expect(ended.toSorted()).toEqual(ids.filter((alert) => !stay.includes(alert)).toSorted());
      expect(groups.every(({ heldBack }) => heldBack === undefined)).toBe(true);
      expect(notices > 0).toBe(wasHeldBack);
      expect(isStorm(storm, 60 * HOUR)).toBe(false);
    }),
    { numRuns: 200 },
  );
});

describe("a storm", () => {
  const alerts = Array.from({ length: 12 }, (_, n) => id(String(n))).toSorted();
  const gathered = (severity: Severity = "warning") =>
    alerts.reduce(
      (group, alert) => addToGroup(group, { alert, state: "firing", severity, acknowledged: null }, DEFAULT_TIMERS, 0).group,
      EMPTY_GROUP,
    );
  const flush = (group: GroupState, state: Storm, now = group.nextFlushAt!) =>
    decideFlush(group, [{ id: channel, storm: { state, limit: 10 } }], now, 4 * HOUR);

  test("is told of once, beside what it leaves room for; those that wait are told together", () => {
    const begun = flush(gathered(), CALM);
    expect(begun.messages).toMatchObject([
      { reason: "storm", alerts: [], storm: { told: 8, held: 4, until: 5 } },
      { reason: "first", alerts: alerts.slice(0, 8) },
    ]);
    const waits = flush(begun.group, begun.storms.get(channel)!);
    expect(waits.messages).toEqual([]);
    expect(waits.group.heldBack).toEqual({ [channel]: alerts.slice(8) });
    const over = flush(waits.group, waits.storms.get(channel)!);
    expect(over.messages).toMatchObject([{ reason: "new alert", alerts }]);
    expect(over.group.heldBack).toBeUndefined();
  });

  test("has what was held back and became critical told at once", () => {
    const { group, storms } = flush(gathered(), CALM);
    const raised = (now: number) =>
      addToGroup(
        { ...group, lastFlushAt: null },
        { alert: alerts[9]!, state: "firing", severity: "critical", acknowledged: null },
        DEFAULT_TIMERS,
        now,
      ).group;
    expect(raised(MINUTE).nextFlushAt).toBe(MINUTE);
    const told = flush(raised(MINUTE), storms.get(channel)!);
    expect(told.messages).toMatchObject([{ kind: "firing", alerts: [...alerts.slice(0, 8), alerts[9]!] }]);
  });

  test("tells nobody of what began and ended in it", () => {
    const begun = flush(gathered(), CALM);
    const ended = addToGroup(
      begun.group,
      { alert: alerts[11]!, state: "resolved", severity: "warning", acknowledged: null },
      DEFAULT_TIMERS,
      MINUTE,
    ).group;
    const over = flush(ended, begun.storms.get(channel)!, 2 * HOUR);
    expect(over.messages).toMatchObject([{ kind: "firing", alerts: alerts.slice(0, 11) }]);
  });
});
