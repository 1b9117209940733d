import { fitArima, nameOf, withoutDifferences } from "./arima.ts";
import type { ArimaFit, ArimaOrder } from "./arima.ts";
import { differenced, isConstant } from "./differences.ts";
import { differencesFor } from "./kpss.ts";
import { needsSeasonalDifference } from "./seasonal-strength.ts";

export interface AutoArimaOptions {
  /** Points per cycle, 1..24; 1 for none. */
  readonly seasonLength: number;
  /** Whether the time for the search is up: the best model found by then is it. */
  readonly isLate?: () => boolean;
}

/** Of each polynomial, and models that are fitted at the most; those of R's `auto.arima`. */
const MOST = { p: 5, q: 5, P: 2, Q: 2 };
const MOST_MODELS = 94;

/** Changes to the best model, in the order in which they are tried. */
const STEPS: readonly Partial<Record<"p" | "q" | "P" | "Q", 1 | -1>>[] = [
  { P: -1 },
  { Q: -1 },
  { P: 1 },
  { Q: 1 },
  { P: -1, Q: -1 },
  { P: -1, Q: 1 },
  { P: 1, Q: -1 },
  { P: 1, Q: 1 },
  { p: -1 },
  { q: -1 },
  { p: 1 },
  { q: 1 },
  { p: -1, q: -1 },
  { p: -1, q: 1 },
  { p: 1, q: -1 },
  { p: 1, q: 1 },
];

/**
 * Chooses the orders of a seasonal ARIMA model, and fits it.
 *
 * Differences come from the season's strength and the KPSS test; the rest by steps from four models to any better neighbour by AICc. All
 * are fitted by exact likelihood, where R approximates it for long series.
 * @param y - Points, oldest first, equally spaced, of order 1, shape (n,), n >= 1. No NaN.
 * @returns null where no model can be fitted: too few points are left by the differences.
 * @see Hyndman & Khandakar (2008), Automatic time series forecasting: the forecast package for R; FPP3, section 9.7.
 */
export function autoArima(y: Float64Array, { seasonLength: m, isLate = () => false }: AutoArimaOptions): ArimaFit | null {
  const D = needsSeasonalDifference(y, m) ? 1 : 0;
  const d = differencesFor(D > 0 ? differenced(y, m) : y);
  const most = mostOf(y.length, m);
  // Of a series about a level the mean is always asked for: where zero lies is of no account.
  const mayDrift = d + D === 1;
  const base: ArimaOrder = { p: 0, d, q: 0, P: 0, D, Q: 0, m, constant: d + D <= 1 };
  if (isConstant(withoutDifferences(y, base))) return fitArima(y, base);

  const tried = new Map<string, ArimaFit | null>();
  let best: ArimaFit | null = null;
  const isBetter = (order: ArimaOrder): boolean => {
    const name = nameOf(order);
    if (tried.has(name) || tried.size >= MOST_MODELS || (best !== null && isLate())) return false;
    const fit = fitArima(y, order, best === null ? {} : { start: startFrom(best, order) });
    tried.set(name, fit);
    if (fit === null || !fit.isSound || (best !== null && fit.aicc >= best.aicc)) return false;
    best = fit;
    return true;
  };

  isBetter(base);
  if (mayDrift) isBetter({ ...base, constant: false });
  const seasonal = m > 1 ? 1 : 0;
  isBetter({ ...base, p: Math.min(1, most.p), P: Math.min(seasonal, most.P) });
  isBetter({ ...base, q: Math.min(1, most.q), Q: Math.min(seasonal, most.Q) });
  isBetter({ ...base, p: Math.min(2, most.p), q: Math.min(2, most.q), P: Math.min(seasonal, most.P), Q: Math.min(seasonal, most.Q) });
  const stepped = (order: ArimaOrder): ArimaOrder[] => [
    ...STEPS.map((step) => moved(order, step)).filter((next) => isWithin(next, most)),
    ...(mayDrift ? [{ ...order, constant: !order.constant }] : []),
  ];
  for (let from: ArimaFit | null = null; best !== null && best !== from;) {
    from = best;
    stepped((from as ArimaFit).order).some(isBetter);
  }
  return best;
}

type Most = typeof MOST;

/** No more lags than a third of the series, and fewer than a season where there is one. */
function mostOf(n: number, m: number): Most {
  const within = (most: number, lag: number): number => Math.min(most, Math.floor(n / 3 / lag));
  const season = m > 1 ? m - 1 : Infinity;
  return {
    p: Math.min(within(MOST.p, 1), season),
    q: Math.min(within(MOST.q, 1), season),
    P: m > 1 ? within(MOST.P, m) : 0,
    Q: m > 1 ? within(MOST.Q, m) : 0,
  };
}

const moved = (order: ArimaOrder, step: (typeof STEPS)[number]): ArimaOrder => ({
  ...order,
  p: order.p + (step.p ?? 0),
  q: order.q + (step.q ?? 0),
  P: order.P + (step.P ?? 0),
  Q: order.Q + (step.Q ?? 0),
});

const isWithin = (order: ArimaOrder, most: Most): boolean =>
  (["p", "q", "P", "Q"] as const).every((letter) => order[letter] >= 0 && order[letter] <= most[letter]);

/** Where a neighbour of a fitted model is looked for first: its partial autocorrelations, those of no further lags than asked for. */
function startFrom({ order: from, parameters }: ArimaFit, to: ArimaOrder): Float64Array {
  const start: number[] = [];
  let place = 0;
  for (const letter of ["p", "q", "P", "Q"] as const) {
    const known = parameters.subarray(place, place + from[letter]);
    start.push(...Array.from({ length: to[letter] }, (_, lag) => known[lag] ?? 0));
    place += from[letter];
  }
  return Float64Array.from(start);
}
