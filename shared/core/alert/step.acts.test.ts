import { describe, expect, test } from "@jest/globals";
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
const firing = (rule = timing()) => run(newInstance(id, "warning"), rule, [{ at: 0, outcome: "true", value: 95 }]).instance;
const episodes = (transitions: readonly Transition[]) => transitions.filter((transition) => transition.kind === "episode");
const short = (transitions: readonly Transition[]) =>
  transitions.map(({ kind, from, to, reason, notify }) => `${kind} ${from}>${to} ${reason}${notify === null ? "" : ` !${notify}`}`);

describe("severity", () => {
  test("up tells again even if acknowledged and opens the episode, down is silent, and it stays one episode", () => {
    let { instance } = acknowledge(firing(), ada, MINUTE, null);
    const raised = step(instance, timing(), {
      at: 2 * MINUTE,
      outcome: "true",
      severity: "critical",
      value: 99,
      evidence: { threshold: 98 },
    });
    expect(short(raised.transitions)).toEqual(["episode acknowledged>open severity_raised !firing"]);
    expect(raised.instance.episode).toMatchObject({ severity: "critical", value: 99, firingValue: 95, evidence: { threshold: 98 } });

    ({ instance } = acknowledge(raised.instance, ada, 3 * MINUTE, null));
    const lowered = step(instance, timing(), { at: 4 * MINUTE, outcome: "true", severity: "warning" });
    expect(short(lowered.transitions)).toEqual(["episode acknowledged>acknowledged severity_lowered"]);
    expect(lowered.instance.episode).toMatchObject({ id: alertId(id, 0), severity: "warning", acknowledged: { by: ada } });
  });

  test("absent data never change the severity of what fires", () => {
    const critical = step(newInstance(id, "warning"), timing(), { at: 0, outcome: "true", severity: "critical" }).instance;
    const { instance, transitions } = step(critical, timing({ noData: "alert" }), { at: MINUTE, outcome: "no_data" });
    expect([instance.episode!.severity, transitions]).toEqual(["critical", []]);
  });
});

describe("acknowledging", () => {
  test("an acknowledgement with an end opens the episode again at the first evaluation from then on, whatever it says", () => {
    const { instance, transitions } = acknowledge(firing(), ada, MINUTE, 2 * MINUTE);
    expect(short(transitions)).toEqual(["episode open>acknowledged acknowledged"]);
    expect(transitions[0]).toMatchObject({ at: MINUTE, actor: ada, episode: { acknowledged: { by: ada, at: MINUTE, until: 3 * MINUTE } } });

    const before = step(instance, timing(), { at: 3 * MINUTE - 1, outcome: "true" });
    expect(before.transitions).toEqual([]);
    const after = step(before.instance, timing(), { at: 3 * MINUTE, outcome: "missed" });
    expect(short(after.transitions)).toEqual(["episode acknowledged>open acknowledgement_expired"]);
    expect(after.instance.episode!.acknowledged).toBeNull();
  });

  test("an acknowledgement without an end lasts as long as the episode", () => {
    const { instance } = acknowledge(firing(), ada, MINUTE, null);
    const { transitions } = run(
      instance,
      timing(),
      minutes([
        [1_000, "true"],
        [1_001, "false"],
      ]),
    );
    expect(short(transitions)).toEqual(["condition firing>inactive recovered", "episode acknowledged>resolved recovered !resolved"]);
  });

  test("new members of the group open it again, once", () => {
    const { instance } = acknowledge(firing(), ada, MINUTE, null);
    const opened = reopen(instance, 2 * MINUTE, "new_members");
    expect(short(opened.transitions)).toEqual(["episode acknowledged>open new_members"]);
    expect(reopen(opened.instance, 3 * MINUTE, "new_members").transitions).toEqual([]);
  });

  test("there is nothing to acknowledge, resolve or end without an episode", () => {
    const inactive = newInstance(id, "warning");
    for (const { instance, transitions } of [
      acknowledge(inactive, ada, 1, null),
      resolveByHand(inactive, 1, ada),
      endEpisode(inactive, 1, "rule_deleted"),
    ]) {
      expect([instance, transitions]).toEqual([inactive, []]);
    }
  });
});

describe("resolving by hand", () => {
  test("it ends the episode and arms the instance again as pending", () => {
    const { instance, transitions } = resolveByHand(firing(), 2 * MINUTE, ada);
    expect(short(transitions)).toEqual(["condition firing>pending manual", "episode open>resolved manual !resolved"]);
    expect(transitions[1]).toMatchObject({ actor: ada, episode: { resolvedAt: 2 * MINUTE, reason: "manual" } });
    expect(instance).toMatchObject({ state: "pending", activeAt: 2 * MINUTE, episode: null });
  });

  test.each([
    ["without a for after fifteen minutes", 0, 17],
    ["with a shorter for after fifteen minutes", 5, 17],
    ["with a longer for after that", 20, 22],
  ])("what is still true is a new episode: %s", (_name, forMinutes, firesAt) => {
    const rule = timing({ for: forMinutes * MINUTE });
    const { instance } = resolveByHand(firing(), 2 * MINUTE, ada);
    const { transitions } = run(
      instance,
      rule,
      Array.from({ length: 40 }, (_, n) => ({ at: (n + 1) * MINUTE, outcome: "true" as const })),
    );
    expect(episodes(transitions).map(({ to, episode }) => [to, episode.startedAt])).toEqual([["open", firesAt * MINUTE]]);
    expect(episodes(transitions)[0]!.episode.id).toBe(alertId(id, firesAt * MINUTE));
  });

  test("once it was false in between, it fires as always", () => {
    const { transitions } = run(
      resolveByHand(firing(), 2 * MINUTE, ada).instance,
      timing(),
      minutes([
        [3, "false"],
        [4, "true"],
      ]),
    );
    expect(episodes(transitions).map(({ episode }) => episode.startedAt)).toEqual([4 * MINUTE]);
  });
});

describe("ending", () => {
  test.each(["rule_deleted", "rule_disabled", "expired", "corrected"] as const)("%s closes an open episode with that reason", (reason) => {
    const { instance, transitions } = endEpisode(firing(), MINUTE, reason);
    expect(short(transitions)).toEqual([`condition firing>inactive ${reason}`, `episode open>resolved ${reason} !resolved`]);
    expect(instance).toMatchObject({ state: "inactive", activeAt: null, episode: null, lastEvaluatedAt: 0 });
  });

  test("a pending instance ends without telling anyone", () => {
    const { instance } = step(newInstance(id, "warning"), timing({ for: MINUTE }), { at: 0, outcome: "true" });
    expect(short(endEpisode(instance, 1, "rule_disabled").transitions)).toEqual(["condition pending>inactive rule_disabled"]);
  });
});
