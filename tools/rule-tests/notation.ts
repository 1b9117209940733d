import { MetricKey } from "../../shared/contract/series.ts";
import * as v from "valibot";

/** A series as a rule test writes it. */
export interface NamedInput {
  readonly metricKey: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

const NAME = /^([A-Za-z_][A-Za-z0-9_.:/-]*)\s*(?:\{(.*)\})?$/s;
const LABEL = /\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/sy;
const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
const MOST_VALUES = 1_000_000;

/**
 * Reads the name of a series, such as `up{job="api", instance="a:80"}`.
 * @throws Error that quotes what cannot be read.
 */
export function parseSeriesName(text: string): NamedInput {
  const [, metricKey, inside = ""] = NAME.exec(text.trim()) ?? [];
  const labels = inside.trim();
  if (metricKey === undefined || !v.is(MetricKey, metricKey))
    throw new Error(`${JSON.stringify(text)} is no series: expected metric{name="value"}`);
  const dimensions: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < labels.length) {
    const start = LABEL.lastIndex;
    const [, name, value] = LABEL.exec(labels) ?? [];
    if (name === undefined) throw new Error(`${JSON.stringify(text)} is no series: ${JSON.stringify(labels.slice(start))} is no label`);
    dimensions[name] = JSON.parse(`"${value!}"`) as string;
  }
  return { metricKey, dimensions };
}

const EXPANDED = /^([-+]?[0-9.]+(?:e[-+]?\d+)?)(?:([-+][0-9.]+(?:e[-+]?\d+)?))?x(\d+)$/i;

/**
 * Expands values: `1 2 3`, `0+10x3` (0 10 20 30), `5-1x2` (5 4 3), `7x2` (7 7 7), `_` for a value that is missing and `_x3` for three;
 * `stale` is missing too. `NaN` and `Inf` are numbers.
 *
 * @returns One entry an interval; null where there is no value.
 * @throws Error that quotes what cannot be read.
 * @see Prometheus, "Unit testing for rules": series.
 */
export function expandValues(text: string): readonly (number | null)[] {
  const values: (number | null)[] = [];
  const push = (n: number, valueAt: (step: number) => number | null): void => {
    if (values.length + n > MOST_VALUES) throw new Error(`Expected at most ${MOST_VALUES} values`);
    for (let step = 0; step < n; step += 1) values.push(valueAt(step));
  };
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const missing = /^(?:_|stale)(?:x(\d+))?$/.exec(word);
    const [, start, slope = "0", times] = EXPANDED.exec(word) ?? [];
    if (missing !== null) push(Number(missing[1] ?? 1), () => null);
    else if (times !== undefined) push(Number(times) + 1, (step) => Number(start) + step * Number(slope));
    else push(1, () => numberOf(word));
  }
  return values;
}

function numberOf(word: string): number {
  const infinite = /^([-+]?)inf$/i.exec(word);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  const number = Number(word);
  if (Number.isNaN(number) && !/^nan$/i.test(word))
    throw new Error(`${JSON.stringify(word)} is no value: expected such as 1, 0+10x5, _ or stale`);
  return number;
}

/** Milliseconds of a duration such as `5m`, `1h30m` or `0`; null when it is none. */
export function parseTestDuration(text: string): number | null {
  if (text === "0") return 0;
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(text)) return null;
  return [...text.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * UNITS_MS[unit!]!, 0);
}
