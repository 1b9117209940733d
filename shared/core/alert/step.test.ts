import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Actor } from "../../contract/actor.ts";
import type { InstanceId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { alertId } from "./keys.ts";
import { acknowledge, endEpisode, newInstance, reopen, resolveByHand, step } from "./step.ts";
import type { Evaluation, Instance, Timing, Transition } from "./step.ts";

const MINUTE = 60_000;
const id = hashId<InstanceId>("ins", ["test"]);
const ada: Actor = { kind: "user", id: "usr_1", name: "Ada" };
const timing = (changes: Partial<Timing> = {}): Timing => ({
  for: 0,
  keepFiringFor: 0,
  noData: "keep_last",
  severity: "warning",
  interval: MINUTE,
  ...changes,
});

type Outcome = Evaluation["outcome"];
/** Minute, outcome, then what the instance is: state, data, and the minute its open episode began. */
type Row = [minute: number, outcome: Outcome, state: Instance["state"], data: Instance["data"], startedAt: number | null];

function run(instance: Instance, rule: Timing, evaluations: readonly Evaluation[]) {
  const transitions: Transition[] = [];
  let current = instance;
  for (const evaluation of evaluations) {
    const next = step(current, rule, evaluation);
    transitions.push(...next.transitions);
    current = next.instance;
  }
  return { instance: current, transitions };
}

const minutes = (outcomes: readonly (readonly [number, Outcome])[]): Evaluation[] =>
  outcomes.map(([minute, outcome]) => ({ at: minute * MINUTE, outcome }));
const episodes = (transitions: readonly Transition[]) => transitions.filter((transition) => transition.kind === "episode");
const short = (transitions: readonly Transition[]) =>
  transitions.map(({ kind, from, to, reason, notify }) => `${kind} ${from}>${to} ${reason}${notify === null ? "" : ` !${notify}`}`);

describe("one evaluation a row", () => {
  test.each<[string, Timing, Row[], string[]]>([
    [
      "without a for, the first true fires and the first false resolves",
      timing(),
      [
        [1, "false", "inactive", "ok", null],
        [2, "true", "firing", "ok", 2],
        [3, "true", "firing", "ok", 2],
        [4, "false", "inactive", "ok", null],
      ],
      [
        "condition inactive>firing true",
        "episode null>open fired !firing",
        "condition firing>inactive recovered",
        "episode open>resolved recovered !resolved",
      ],
    ],
    [
      "with a for of two minutes it waits until exactly two minutes were true",
      timing({ for: 2 * MINUTE }),
      [
        [1, "true", "pending", "ok", null],
        [2, "true", "pending", "ok", null],
        [3, "true", "firing", "ok", 3],
      ],
      ["condition inactive>pending true", "condition pending>firing true", "episode null>open fired !firing"],
    ],
    [
      "a pending condition that turns false begins again from nothing",
      timing({ for: 2 * MINUTE }),
      [
        [1, "true", "pending", "ok", null],
        [2, "false", "inactive", "ok", null],
        [3, "true", "pending", "ok", null],
        [4, "true", "pending", "ok", null],
        [5, "true", "firing", "ok", 5],
      ],
      [
        "condition inactive>pending true",
        "condition pending>inactive false",
        "condition inactive>pending true",
        "condition pending>firing true",
        "episode null>open fired !firing",
      ],
    ],
    [
      "a pending condition is held over two missed evaluations and given up at the third",
      timing({ for: 10 * MINUTE }),
      [
        [1, "true", "pending", "ok", null],
        [2, "missed", "pending", "ok", null],
        [3, "missed", "pending", "ok", null],
        [4, "missed", "inactive", "no_data", null],
        [5, "true", "pending", "ok", null],
      ],
      ["condition inactive>pending true", "condition pending>inactive missed", "condition inactive>pending true"],
    ],
    [
      "only missed evaluations in a row count",
      timing({ for: 5 * MINUTE }),
      [
        [1, "true", "pending", "ok", null],
        [2, "missed", "pending", "ok", null],
        [3, "missed", "pending", "ok", null],
        [4, "true", "pending", "ok", null],
        [5, "missed", "pending", "ok", null],
        [6, "true", "firing", "ok", 6],
      ],
      ["condition inactive>pending true", "condition pending>firing true", "episode null>open fired !firing"],
    ],
    [
      "an evaluation for which no point was due neither counts as missed nor breaks the row",
      timing({ for: 60 * MINUTE }),
      [
        [1, "true", "pending", "ok", null],
        [2, "missed", "pending", "ok", null],
        [3, "not_due", "pending", "ok", null],
        [4, "missed", "pending", "ok", null],
        [5, "not_due", "pending", "ok", null],
        [6, "missed", "inactive", "no_data", null],
        [7, "not_due", "inactive", "no_data", null],
      ],
      ["condition inactive>pending true", "condition pending>inactive missed"],
    ],
    [
      "keepFiringFor counts from the first false: one minute, false at 4 and 5, resolves at 5",
      timing({ keepFiringFor: MINUTE }),
      [
        [3, "true", "firing", "ok", 3],
        [4, "false", "recovering", "ok", 3],
        [5, "false", "inactive", "ok", null],
      ],
      [
        "condition inactive>firing true",
        "episode null>open fired !firing",
        "condition firing>recovering false",
        "condition recovering>inactive recovered",
        "episode open>resolved recovered !resolved",
      ],
    ],
    [
      "a true while recovering is the same episode, and its recovery begins again",
      timing({ keepFiringFor: 2 * MINUTE }),
      [
        [1, "true", "firing", "ok", 1],
        [2, "false", "recovering", "ok", 1],
        [3, "true", "firing", "ok", 1],
        [4, "false", "recovering", "ok", 1],
        [5, "false", "recovering", "ok", 1],
        [6, "false", "inactive", "ok", null],
      ],
      [
        "condition inactive>firing true",
        "episode null>open fired !firing",
        "condition firing>recovering false",
        "condition recovering>firing true",
        "condition firing>recovering false",
        "condition recovering>inactive recovered",
        "episode open>resolved recovered !resolved",
      ],
    ],
    [
      "keep_last leaves an episode as it was without data, firing or recovering",
      timing({ keepFiringFor: 10 * MINUTE }),
      [
        [1, "true", "firing", "ok", 1],
        [2, "missed", "firing", "ok", 1],
        [3, "missed", "firing", "ok", 1],
        [4, "missed", "firing", "no_data", 1],
        [5, "no_data", "firing", "no_data", 1],
        [6, "false", "recovering", "ok", 1],
        [7, "no_data", "recovering", "no_data", 1],
        [16, "false", "inactive", "ok", null],
      ],
      [
        "condition inactive>firing true",
        "episode null>open fired !firing",
        "condition firing>recovering false",
        "condition recovering>inactive recovered",
        "episode open>resolved recovered !resolved",
      ],
    ],
    [
      "noData ok ends an episode at the third missed evaluation",
      timing({ noData: "ok" }),
      [
        [1, "true", "firing", "ok", 1],
        [2, "missed", "firing", "ok", 1],
        [3, "missed", "firing", "ok", 1],
        [4, "missed", "inactive", "no_data", null],
      ],
      [
        "condition inactive>firing true",
        "episode null>open fired !firing",
        "condition firing>inactive no_data_ok",
        "episode open>resolved no_data_ok !resolved",
      ],
    ],
    [
      "noData alert makes absence a true condition that waits for the rule's for",
      timing({ noData: "alert", for: 2 * MINUTE }),
      [
        [1, "false", "inactive", "ok", null],
        [2, "missed", "inactive", "ok", null],
        [3, "missed", "inactive", "ok", null],
        [4, "missed", "pending", "no_data", null],
        [5, "missed", "pending", "no_data", null],
        [6, "no_data", "firing", "no_data", 6],
        [7, "false", "inactive", "ok", null],
      ],
      [
        "condition inactive>pending missed",
        "condition pending>firing no_data",
        "episode null>open fired !firing",
        "condition firing>inactive recovered",
        "episode open>resolved recovered !resolved",
      ],
    ],
    [
      "absence alone alarms nobody under keep_last",
      timing(),
      [
        [1, "missed", "inactive", "ok", null],
        [2, "missed", "inactive", "ok", null],
        [3, "missed", "inactive", "no_data", null],
        [4, "no_data", "inactive", "no_data", null],
      ],
      [],
    ],
    [
      "an evaluation again, or one from before, changes nothing",
      timing({ for: MINUTE }),
      [
        [5, "true", "pending", "ok", null],
        [5, "false", "pending", "ok", null],
        [4, "false", "pending", "ok", null],
        [6, "true", "firing", "ok", 6],
        [6, "false", "firing", "ok", 6],
      ],
      ["condition inactive>pending true", "condition pending>firing true", "episode null>open fired !firing"],
    ],
  ])("%s", (_name, rule, rows, expected) => {
    const transitions: Transition[] = [];
    let instance = newInstance(id, "warning");
    const seen = rows.map(([minute, outcome]): Row => {
      const next = step(instance, rule, { at: minute * MINUTE, outcome });
      instance = next.instance;
      transitions.push(...next.transitions);
      return [minute, outcome, instance.state, instance.data, instance.episode === null ? null : instance.episode.startedAt / MINUTE];
    });
    expect(seen).toEqual(rows);
    expect(short(transitions)).toEqual(expected);
  });
});

describe("what an episode carries", () => {
  test("it keeps the value and the evidence that made it fire, follows the newest value, and ends with the last one", () => {
    const { transitions } = run(newInstance(id, "warning"), timing({ for: MINUTE }), [
      { at: 0, outcome: "true", value: 91, evidence: { value: 91 } },
      { at: MINUTE, outcome: "true", value: 95, evidence: { value: 95 } },
      { at: 2 * MINUTE, outcome: "true", value: 99, evidence: { value: 99 } },
      { at: 3 * MINUTE, outcome: "false", value: 40 },
    ]);
    const [opened, resolved] = episodes(transitions);
    expect(opened!.episode).toMatchObject({ id: alertId(id, MINUTE), pendingAt: 0, startedAt: MINUTE, value: 95, firingValue: 95 });
    expect(resolved!.episode).toMatchObject({
      id: alertId(id, MINUTE),
      value: 40,
      firingValue: 95,
      evidence: { value: 95 },
      resolvedAt: 3 * MINUTE,
      reason: "recovered",
    });
  });

  test("a changed `for` is kept to from the next evaluation on", () => {
    const { instance } = run(
      newInstance(id, "warning"),
      timing({ for: 60 * MINUTE }),
      minutes([
        [0, "true"],
        [1, "true"],
      ]),
    );
    expect(step(instance, timing({ for: 2 * MINUTE }), { at: 2 * MINUTE, outcome: "true" }).instance.state).toBe("firing");
  });

  test("it survives being stored as JSON at every step", () => {
    const evaluations = minutes([
      [0, "true"],
      [1, "true"],
      [2, "missed"],
      [3, "false"],
      [4, "true"],
      [5, "false"],
      [6, "false"],
    ]);
    const rule = timing({ for: MINUTE, keepFiringFor: MINUTE });
    let stored = newInstance(id, "warning");
    const transitions: Transition[] = [];
    for (const evaluation of evaluations) {
      const next = step(JSON.parse(JSON.stringify(stored)) as Instance, rule, evaluation);
      stored = next.instance;
      transitions.push(...next.transitions);
    }
    expect({ instance: stored, transitions }).toEqual(run(newInstance(id, "warning"), rule, evaluations));
  });
});

describe("whatever happens", () => {
  const evaluation = fc.record({
    kind: fc.constant("evaluate" as const),
    after: fc.integer({ min: -2, max: 20 }),
    outcome: fc.constantFrom<Outcome>("true", "true", "false", "missed", "no_data", "not_due"),
    severity: fc.constantFrom("warning" as const, "critical" as const),
  });
  const act = fc.record({
    kind: fc.constantFrom("acknowledge" as const, "resolve" as const, "end" as const, "reopen" as const),
    after: fc.integer({ min: 0, max: 20 }),
  });
  const rules = fc.record({
    for: fc.constantFrom(0, MINUTE, 5 * MINUTE),
    keepFiringFor: fc.constantFrom(0, MINUTE, 5 * MINUTE),
    noData: fc.constantFrom("keep_last" as const, "alert" as const, "ok" as const),
    severity: fc.constantFrom("warning" as const, "critical" as const),
    interval: fc.constantFrom(MINUTE, 10 * MINUTE),
  });
  const histories = fc.array(fc.oneof({ weight: 5, arbitrary: evaluation }, { weight: 1, arbitrary: act }), { maxLength: 60 });

  test("no instance has two open episodes, each episode is told firing before it is told resolved once, and no id comes twice", () => {
    fc.assert(
      fc.property(rules, histories, (rule, history) => {
        let [instance, at, open]: [Instance, number, string | null] = [newInstance(id, rule.severity), 0, null];
        const [ended, told, toldOver] = [new Set(), new Set(), new Set()];
        for (const event of history) {
          at = Math.max(0, at + event.after * MINUTE);
          const { instance: next, transitions } =
            event.kind === "evaluate"
              ? step(instance, rule, { at, outcome: event.outcome, severity: event.severity })
              : event.kind === "acknowledge"
                ? acknowledge(instance, ada, at, 3 * MINUTE)
                : event.kind === "resolve"
                  ? resolveByHand(instance, at, ada)
                  : event.kind === "end"
                    ? endEpisode(instance, at, "expired")
                    : reopen(instance, at, "new_members");
          let condition = instance.state;
          for (const transition of transitions) {
            if (transition.kind === "condition") {
              expect(transition.from).toBe(condition);
              condition = transition.to;
              continue;
            }
            const episode = transition.episode.id;
            const flaps = instance.flapping !== undefined || next.flapping !== undefined;
            if (transition.notify === "firing" || transition.notify === "flapping") told.add(episode);
            if (transition.notify === "resolved" || transition.notify === "closed") {
              expect([told.has(episode), toldOver.has(episode), transition.to]).toEqual([true, false, "resolved"]);
              toldOver.add(episode);
            }
            if (transition.from === "resolved") {
              expect([ended.has(episode), transition.reason]).toEqual([true, expect.stringMatching(/^(flapping|calm)$/)]);
              continue;
            } else if (transition.from === null) {
              expect([open, ended.has(episode), flaps || transition.notify === "firing"]).toEqual([null, false, true]);
              open = episode;
            }
            expect(open).toBe(episode);
            if (!flaps) expect(transition.notify === "resolved").toBe(transition.to === "resolved");
            if (transition.to === "resolved") {
              ended.add(episode);
              open = null;
            }
          }
          instance = next;
          expect(instance.state).toBe(condition);
          expect(instance.episode?.id ?? null).toBe(open);
          expect(instance.state === "firing" || instance.state === "recovering").toBe(open !== null);
          expect(instance.activeAt === null).toBe(instance.state === "inactive");
          expect(instance.recoveringSince !== null).toBe(instance.state === "recovering");
          const toldOf = [...told].filter((episode) => !toldOver.has(episode) && episode !== open);
          expect(toldOf).toEqual(toldOf.filter((episode) => episode === instance.flapping?.episode.id));
        }
      }),
    );
  });

  test("evaluations delivered twice, and old ones in between, change nothing", () => {
    fc.assert(
      fc.property(rules, fc.array(evaluation, { maxLength: 40 }), (rule, history) => {
        const once = history.map(({ outcome, severity }, n): Evaluation => ({ at: n * MINUTE, outcome, severity }));
        const twice = once.flatMap((one, n) => [one, one, once[n >> 1]!]);
        expect(run(newInstance(id, "warning"), rule, twice)).toEqual(run(newInstance(id, "warning"), rule, once));
      }),
    );
  });
});
