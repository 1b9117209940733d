import { residualsOf } from "./backtest.ts";
import type { BacktestPlan, WouldSay } from "./backtest.ts";
import { weightsOf } from "./combine.ts";
import type { Aim } from "./combine.ts";
import type { Member } from "./members.ts";

/** A member that has a say in the forecast. */
export interface Tested {
  readonly name: string;
  readonly weight: number;
  /** The forecast, shape (horizon,). */
  readonly ahead: Float64Array;
  /** What it would have said at each cutoff, shape (plan.horizon,) each. */
  readonly said: readonly Float64Array[];
  /** Error at each cutoff, as the aim measures it; NaN where nothing is observed. */
  readonly errors: readonly number[];
}

export interface TestOptions {
  /** What the members are tested on, NaN for gaps; and what they are fitted to. Shape (n,). */
  readonly z: Float64Array;
  readonly history: Float64Array;
  readonly horizon: number;
  readonly plan: BacktestPlan;
  readonly wouldSay: WouldSay;
  readonly isLate: () => boolean;
  readonly aim: Aim;
  /** Whether the first member, the baseline, is one like the others; otherwise it stands in for all of them where none says anything. */
  readonly hasBaseline: boolean;
}

/**
 * The members that say something everywhere, weighted by their backtest; those of no weight are not among them.
 *
 * @returns at least one, their weights summing to 1; and the names of those whose turn did not come in time.
 */
export function testedMembers(members: readonly Member[], options: TestOptions): { tested: Tested[]; leftOut: string[] } {
  const { z, history, horizon, plan, wouldSay, isLate, aim, hasBaseline } = options;
  const runs: Omit<Run, "weight">[] = [];
  const leftOut: string[] = [];
  for (const member of members) {
    // The baseline comes first, and is there whatever happens.
    if (runs.length > 0 && isLate()) {
      leftOut.push(member.name);
      continue;
    }
    const said = wouldSay(member.forecast);
    if (said !== null) runs.push({ member, said, errors: residualsOf(z, plan, said).map(aim.errorOf) });
  }
  const contest = !hasBaseline && runs.length > 1 ? runs.slice(1) : runs;
  const weights = weightsOf(contest.map(({ errors }) => meanOf(errors.filter((error) => !Number.isNaN(error)))));
  const finished = (weighted: readonly Run[]): Tested[] =>
    weighted.flatMap(({ member: { name, forecast }, ...run }) => {
      const ahead = forecast(history, horizon);
      return ahead?.every(Number.isFinite) === true ? [{ ...run, name, ahead }] : [];
    });
  const tested = finished(contest.map((run, place) => ({ ...run, weight: weights[place]! })).filter(({ weight }) => weight > 0));
  return { tested: normalised(tested.length > 0 ? tested : finished([{ ...runs[0]!, weight: 1 }])), leftOut };
}

/** A member in the backtest. */
interface Run extends Pick<Tested, "weight" | "said" | "errors"> {
  readonly member: Member;
}

/** The weights that the other origins give: what the members are tested on has no part in how they are weighed for it. */
export function weightsWithout(origin: number, tested: readonly Tested[]): number[] {
  if (tested[0]!.errors.length < 2) return tested.map(({ weight }) => weight);
  return weightsOf(tested.map(({ errors }) => meanOf(errors.filter((error, place) => place !== origin && !Number.isNaN(error)))));
}

/** Members of no forecast have taken their weight with them. */
function normalised(tested: readonly Tested[]): Tested[] {
  const whole = tested.reduce((sum, { weight }) => sum + weight, 0);
  return tested.map((one) => ({ ...one, weight: one.weight / whole }));
}

/** 1 of nothing: where nothing is known all are alike. */
const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 1 : values.reduce((sum, value) => sum + value, 0) / values.length;
