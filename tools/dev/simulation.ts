import type { Metric } from "./client.ts";

export const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** The history that a first start simulates. */
export const HISTORY_MS = 30 * DAY_MINUTES * MINUTE_MS;
/** Of every series of the demo: nobody should take them for a real system's. */
export const SIMULATED = { service: "checkout", source: "simulated" } as const;

/** What an incident does to the shop: factors on requests and latency, and errors a minute on top. */
export interface Trouble {
  readonly requests: number;
  readonly latency: number;
  readonly errors: number;
}

/** A time of trouble, with its label. */
export interface Incident {
  readonly what: string;
  /** Unix ms, inclusive. */
  readonly from: number;
  /** Unix ms, exclusive. */
  readonly to: number;
  readonly trouble: Trouble;
}

const NO_TROUBLE: Trouble = { requests: 1, latency: 1, errors: 0 };
/** What the live incident does: worse than anything in the history. */
export const OUTAGE: Trouble = { requests: 0.1, latency: 8, errors: 60 };

/** What the demo's shop measures each minute. */
export const DEMO_METRICS = {
  requests: "demo.requests_per_minute",
  latency: "demo.latency_ms",
  errors: "demo.errors_per_minute",
} as const;

/**
 * One minute of a simulated shop: more traffic by day than by night and on workdays, latency that grows with it, few errors.
 *
 * @param minute - Unix ms, at a full minute. The same minute in the same trouble always gives the same values.
 */
export function simulateMinute(minute: number, trouble: Trouble = NO_TROUBLE): Metric[] {
  const at = minute / MINUTE_MS;
  const phase = (2 * Math.PI * (at % DAY_MINUTES)) / DAY_MINUTES;
  const weekday = new Date(minute).getUTCDay();
  const busy = (1 + 0.6 * Math.sin(phase - Math.PI / 2)) * (weekday === 0 || weekday === 6 ? 0.7 : 1);
  const requests = 400 * busy * (1 + 0.05 * noise(at, 1)) * trouble.requests;
  const latency = (80 + 40 * busy) * (1 + 0.06 * noise(at, 2)) * trouble.latency;
  const errors = Math.max(0, Math.round(1.5 + 1.2 * noise(at, 3))) + trouble.errors;
  const metric = (metricKey: string, value: number): Metric => ({ metricKey, timestamp: minute, value, dimensions: SIMULATED });
  return [
    metric(DEMO_METRICS.requests, Math.round(requests)),
    metric(DEMO_METRICS.latency, Math.round(latency * 10) / 10),
    metric(DEMO_METRICS.errors, errors),
  ];
}

/** The labelled incidents of the history that ends at a time, exclusive. */
export function historyIncidents(end: number): Incident[] {
  const at = (daysAgo: number, minutes: number, what: string, trouble: Partial<Trouble>): Incident => {
    const from = end - daysAgo * DAY_MINUTES * MINUTE_MS;
    return { what, from, to: from + minutes * MINUTE_MS, trouble: { ...NO_TROUBLE, ...trouble } };
  };
  return [
    at(12.3, 25, "a bad release, rolled back", { errors: 30 }),
    at(5.6, 12, "the database failed over", { requests: 0.4, errors: 12 }),
    at(1.4, 8, "a full disk", { latency: 2.5 }),
  ];
}

/** Thirty days of minutes that end at a time, exclusive, with their incidents in them. */
export function simulateHistory(end: number): Metric[] {
  const incidents = historyIncidents(end);
  const metrics: Metric[] = [];
  for (let minute = end - HISTORY_MS; minute < end; minute += MINUTE_MS) {
    const incident = incidents.find(({ from, to }) => minute >= from && minute < to);
    metrics.push(...simulateMinute(minute, incident?.trouble));
  }
  return metrics;
}

/** About normal, mean 0 and variance 1, the same for the same minute: the sum of hashed uniforms. */
function noise(minute: number, stream: number): number {
  let sum = 0;
  for (let part = 0; part < 6; part++) sum += hash(minute * 31 + stream * 7 + part * 1_000_003);
  return (sum - 3) * Math.SQRT2;
}

/** Uniform in [0, 1): Murmur3's finaliser. */
function hash(n: number): number {
  let bits = Math.imul((n ^ (n >>> 16)) | 0, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}
