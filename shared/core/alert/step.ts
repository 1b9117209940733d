import type { Actor } from "../../contract/actor.ts";
import type { ConditionState, DataQuality, Evidence, ResolveReason } from "../../contract/alert.ts";
import type { AlertId, InstanceId } from "../../contract/ids.ts";
import type { RuleDefinition, Severity } from "../../contract/rule.ts";
import { becomeCalm, calmBefore, followFlapping } from "./flapping.ts";
import type { Flapping } from "./flapping.ts";
import { alertId } from "./keys.ts";
import { episodeState } from "./status.ts";

/** Someone has taken the episode on. `until` is null where it has no end. */
export interface Acknowledgement {
  readonly by: Actor;
  readonly at: number;
  readonly until: number | null;
}

/** What people see: from the first firing to its end. JSON-safe, times in Unix ms. */
export interface Episode {
  readonly id: AlertId;
  /** Since when the condition was true; equal to `startedAt` where the rule has no `for`. */
  readonly pendingAt: number;
  readonly startedAt: number;
  readonly severity: Severity;
  /** The newest value; null where none was known. */
  readonly value: number | null;
  /** The value that made it fire. */
  readonly firingValue: number | null;
  /** As it was when it fired, or when the severity last changed. */
  readonly evidence: Evidence;
  readonly acknowledged: Acknowledgement | null;
  readonly resolvedAt: number | null;
  readonly reason: ResolveReason | null;
}

export type EpisodeState = "open" | "acknowledged" | "resolved";

/** One condition of one rule, between evaluations. JSON-safe, times in Unix ms. */
export interface Instance {
  readonly id: InstanceId;
  readonly state: ConditionState;
  readonly data: DataQuality;
  /** Since when the condition is true without a break; null while inactive. */
  readonly activeAt: number | null;
  /** Pending because its episode was resolved by hand: it then waits REARM_MS at least. */
  readonly rearmed: boolean;
  readonly recoveringSince: number | null;
  /** Evaluations in a row for which a point was due and none was there. */
  readonly missed: number;
  readonly lastEvaluatedAt: number | null;
  readonly severity: Severity;
  readonly episode: Episode | null;
  /** When evaluations of late made it begin or end firing, Unix ms; left out where none did. */
  readonly changes?: readonly number[];
  /** Left out where it does not flap. */
  readonly flapping?: Flapping;
}

/** What step() needs to know of a rule: a rule itself will do. Durations in ms. */
export type Timing = Pick<RuleDefinition, "for" | "keepFiringFor" | "noData" | "severity" | "interval">;

/**
 * What one look at the data said. `missed`: a point was due and none is there; `no_data`: there are no data, whatever was due;
 * `not_due`: no point is there and none was due, so nothing changes.
 */
export interface Evaluation {
  /** Evaluation time, Unix ms. */
  readonly at: number;
  readonly outcome: "true" | "false" | "missed" | "no_data" | "not_due";
  readonly severity?: Severity;
  readonly value?: number | null;
  readonly evidence?: Evidence;
  /** What it says rests on a series that is known little of. */
  readonly warming?: true;
}

export type ConditionReason = "true" | "false" | "missed" | "no_data" | ResolveReason;
export type EpisodeReason =
  | "fired"
  | "severity_raised"
  | "severity_lowered"
  | "acknowledged"
  | "acknowledgement_expired"
  | "new_members"
  | "flapping"
  | "calm"
  | ResolveReason;

/**
 * One row of an instance's history. `episode` is the episode as the transition left it; `notify` is what people are to be told. `flapping`:
 * that its instance flaps; `closed`: that it is over, though its instance fires again, of which channels alone hear that keep a state.
 */
export type Transition =
  | {
      readonly kind: "condition";
      readonly from: ConditionState;
      readonly to: ConditionState;
      readonly reason: ConditionReason;
      readonly at: number;
      readonly actor: Actor | null;
      readonly notify: null;
    }
  | {
      readonly kind: "episode";
      readonly from: EpisodeState | null;
      readonly to: EpisodeState;
      readonly reason: EpisodeReason;
      readonly at: number;
      readonly actor: Actor | null;
      readonly notify: "firing" | "resolved" | "flapping" | "closed" | null;
      readonly episode: Episode;
    };

/** An instance after an evaluation or an act, with what that changed. */
export interface Step {
  readonly instance: Instance;
  readonly transitions: readonly Transition[];
}

/** Missed evaluations in a row from which on there are no data. */
const MISSED_IS_NO_DATA = 3;
/** What was resolved by hand fires again only when it is still true after this long, or after the rule's `for` if that is longer. */
export const REARM_MS = 15 * 60_000;

/** An instance that was never evaluated. */
export function newInstance(id: InstanceId, severity: Severity): Instance {
  return {
    id,
    state: "inactive",
    data: "ok",
    activeAt: null,
    rearmed: false,
    recoveringSince: null,
    missed: 0,
    lastEvaluatedAt: null,
    severity,
    episode: null,
  };
}

/**
 * Advances an instance by one evaluation: the one state machine of live evaluation, backtest and rule tests.
 * An evaluation at or before the last one changes nothing. The first two missed evaluations in a row are held; from the third on there
 * are no data, and the rule's policy decides: `keep_last` leaves an episode as it was and drops a pending one, `alert` counts as true, `ok` as false.
 *
 * @returns The instance after it, and the transitions in their order: of the condition first, then of the episode.
 */
export function step(instance: Instance, timing: Timing, evaluation: Evaluation): Step {
  const { at } = evaluation;
  if (instance.lastEvaluatedAt !== null && at <= instance.lastEvaluatedAt) return unchanged(instance);

  const calm = calmBefore(instance, timing, at);
  const { verdict, reason, data, missed } = judge(calm.instance, timing, evaluation);
  const seen: Instance = { ...calm.instance, data, missed, lastEvaluatedAt: at };
  let after: Step = unchanged(seen);
  if (verdict === "true") after = advanceTrue(seen, timing, evaluation, reason);
  if (verdict === "false") after = advanceFalse(seen, timing, evaluation, reason);

  const until = after.instance.episode?.acknowledged?.until ?? null;
  const open = until === null || until > at ? unchanged(after.instance) : reopen(after.instance, at, "acknowledgement_expired");
  const evaluated = { instance: open.instance, transitions: [...after.transitions, ...open.transitions] };
  const followed = followFlapping(calm.instance, evaluated, timing, at);
  return { instance: followed.instance, transitions: [...calm.transitions, ...followed.transitions] };
}

/**
 * Marks the open episode as taken on; its repeats stop.
 * @param ttlMs - After this long it opens again; null for never.
 * @returns Unchanged without transitions where no episode is open.
 */
export function acknowledge(instance: Instance, by: Actor, at: number, ttlMs: number | null): Step {
  const { episode } = instance;
  if (episode === null) return unchanged(instance);
  const next: Episode = { ...episode, acknowledged: { by, at, until: ttlMs === null ? null : at + ttlMs } };
  return changeEpisode(instance, next, { reason: "acknowledged", at, actor: by, notify: null });
}

/** Takes an acknowledgement back, because it ended or because others joined the group; unchanged where there is none. */
export function reopen(instance: Instance, at: number, reason: "acknowledgement_expired" | "new_members"): Step {
  const { episode } = instance;
  if (episode === null || episode.acknowledged === null) return unchanged(instance);
  return changeEpisode(instance, { ...episode, acknowledged: null }, { reason, at, actor: null, notify: null });
}

/**
 * Ends the open episode by hand and arms the instance again as pending: still true after REARM_MS or the rule's `for`, it is a new episode.
 * @param at - Wall time of the act, Unix ms.
 * @returns Unchanged without transitions where no episode is open.
 */
export function resolveByHand(instance: Instance, at: number, actor: Actor): Step {
  if (instance.episode === null) return unchanged(instance);
  const closed = close(instance, at, "manual", "pending", actor);
  const { instance: calm, transitions } = becomeCalm(closed.instance, at);
  return {
    instance: { ...calm, state: "pending", activeAt: at, rearmed: true },
    transitions: [...closed.transitions, ...transitions],
  };
}

/**
 * Ends whatever is open or pending, or flaps, because there is nothing left to evaluate.
 * @returns The instance, inactive; without transitions where it was inactive and calm already.
 */
export function endEpisode(
  instance: Instance,
  at: number,
  reason: Extract<ResolveReason, "rule_deleted" | "rule_disabled" | "rule_changed" | "expired" | "corrected">,
): Step {
  const closed = close(instance, at, reason, "inactive", null);
  const { instance: calm, transitions } = becomeCalm(closed.instance, at);
  return { instance: calm, transitions: [...closed.transitions, ...transitions] };
}

type Judgement = Pick<Instance, "data" | "missed"> & { readonly verdict: "true" | "false" | "held"; readonly reason: ConditionReason };

function judge({ state, data, missed }: Instance, { noData }: Timing, { outcome, warming }: Evaluation): Judgement {
  const quality = warming === true ? "warming" : "ok";
  if (outcome === "true" || outcome === "false") return { verdict: outcome, reason: outcome, data: quality, missed: 0 };
  if (outcome === "not_due") return { verdict: "held", reason: "false", data, missed };

  const inARow = outcome === "missed" ? missed + 1 : missed;
  if (outcome === "missed" && inARow < MISSED_IS_NO_DATA) return { verdict: "held", reason: outcome, data, missed: inARow };
  const none = { reason: outcome, data: "no_data", missed: inARow } as const;
  if (noData === "alert") return { ...none, verdict: "true" };
  if (noData === "ok") return { ...none, verdict: "false" };
  return { ...none, verdict: state === "pending" ? "false" : "held" };
}

function advanceTrue(instance: Instance, timing: Timing, evaluation: Evaluation, reason: ConditionReason): Step {
  const { at } = evaluation;
  // Absent data say nothing about how bad it is: an open episode keeps its severity.
  const severity = evaluation.severity ?? (reason === "true" ? timing.severity : (instance.episode?.severity ?? timing.severity));
  const evidence = evaluation.evidence ?? (reason === "true" ? {} : { kind: "no_data", missed: instance.missed });
  if (instance.episode !== null)
    return goOn(instance, instance.episode, { at, severity, evidence, value: evaluation.value ?? null, reason });

  const activeAt = instance.activeAt ?? at;
  const patience = instance.rearmed ? Math.max(timing.for, REARM_MS) : timing.for;
  if (at - activeAt < patience) {
    const pending: Instance = { ...instance, state: "pending", activeAt, severity };
    return { instance: pending, transitions: conditionChange(instance.state, "pending", { reason, at, actor: null }) };
  }
  const value = evaluation.value ?? null;
  const episode: Episode = {
    id: alertId(instance.id, at),
    pendingAt: activeAt,
    startedAt: at,
    severity,
    value,
    firingValue: value,
    evidence,
    acknowledged: null,
    resolvedAt: null,
    reason: null,
  };
  const firing: Instance = { ...instance, state: "firing", activeAt, rearmed: false, severity, episode };
  return {
    instance: firing,
    transitions: [
      ...conditionChange(instance.state, "firing", { reason, at, actor: null }),
      { kind: "episode", from: null, to: "open", reason: "fired", at, actor: null, notify: "firing", episode },
    ],
  };
}

/** An open episode whose condition is true: the same episode goes on, perhaps at another severity. */
function goOn(
  instance: Instance,
  episode: Episode,
  now: { at: number; severity: Severity; evidence: Evidence; value: number | null; reason: ConditionReason },
): Step {
  const { at, severity, reason } = now;
  const transitions = conditionChange(instance.state, "firing", { reason, at, actor: null });
  const next: Episode = { ...episode, severity, value: now.value ?? episode.value };
  const firing: Instance = { ...instance, state: "firing", recoveringSince: null, severity, episode: next };
  if (severity === episode.severity) return { instance: firing, transitions };

  const raised = severity === "critical";
  const changed = changeEpisode(
    firing,
    { ...next, evidence: now.evidence, acknowledged: raised ? null : next.acknowledged },
    { reason: raised ? "severity_raised" : "severity_lowered", at, actor: null, notify: raised ? "firing" : null },
  );
  return { instance: changed.instance, transitions: [...transitions, ...changed.transitions] };
}

function advanceFalse(instance: Instance, { keepFiringFor }: Timing, evaluation: Evaluation, reason: ConditionReason): Step {
  const { at } = evaluation;
  if (instance.episode === null) return toInactive(instance, { reason, at, actor: null });

  const since = instance.recoveringSince ?? at;
  const episode: Episode = { ...instance.episode, value: evaluation.value ?? instance.episode.value };
  if (at - since >= keepFiringFor) {
    return close({ ...instance, episode }, at, reason === "false" ? "recovered" : "no_data_ok", "inactive", null);
  }
  return {
    instance: { ...instance, state: "recovering", recoveringSince: since, episode },
    transitions: conditionChange(instance.state, "recovering", { reason, at, actor: null }),
  };
}

function close(instance: Instance, at: number, reason: ResolveReason, to: ConditionState, actor: Actor | null): Step {
  const inactive = toInactive(instance, { reason, at, actor }, to);
  const { episode } = instance;
  if (episode === null) return inactive;
  const resolved: Episode = { ...episode, resolvedAt: at, reason };
  const closed: Transition = {
    kind: "episode",
    from: episodeState(episode),
    to: "resolved",
    reason,
    at,
    actor,
    notify: "resolved",
    episode: resolved,
  };
  return { instance: inactive.instance, transitions: [...inactive.transitions, closed] };
}

interface Cause {
  readonly reason: ConditionReason;
  readonly at: number;
  readonly actor: Actor | null;
}

function toInactive(instance: Instance, cause: Cause, to: ConditionState = "inactive"): Step {
  return {
    instance: { ...instance, state: "inactive", activeAt: null, rearmed: false, recoveringSince: null, episode: null },
    transitions: conditionChange(instance.state, to, cause),
  };
}

function conditionChange(from: ConditionState, to: ConditionState, cause: Cause): readonly Transition[] {
  return from === to ? [] : [{ kind: "condition", from, to, ...cause, notify: null }];
}

function changeEpisode(
  instance: Instance,
  episode: Episode,
  cause: { reason: EpisodeReason; at: number; actor: Actor | null; notify: "firing" | null },
): Step {
  const from = instance.episode === null ? null : episodeState(instance.episode);
  return { instance: { ...instance, episode }, transitions: [{ kind: "episode", from, to: episodeState(episode), ...cause, episode }] };
}

function unchanged(instance: Instance): Step {
  return { instance, transitions: [] };
}
