import { setTimeout as pause } from "node:timers/promises";
import type { Alert } from "../shared/contract/alert.ts";
import type { WebhookBody } from "../shared/core/message/webhook.ts";
import type { WebhookReceiver } from "../shared/testing/webhook-receiver.ts";
import type { Metric } from "../tools/dev/client.ts";
import { isBrokenConnection } from "./ingest-load.ts";
import type { Target } from "./ingest-load.ts";

export const THRESHOLD_PROBES = ["probe.0", "probe.1", "probe.2", "probe.3", "probe.4", "probe.5"];
/** Each goes high once, after the one before it: what happened before is less of an anomaly. */
const ANOMALY_PROBES = ["probe.anomalous.0", "probe.anomalous.1", "probe.anomalous.2", "probe.anomalous.3"];
const PROBES = [...THRESHOLD_PROBES, ...ANOMALY_PROBES];
const PAUSE_MS = 100;
/** A probe's points are looked at by each evaluation for so long. */
const WINDOW_MS = 3_000;
const [LOW, HIGH, LIMIT] = [10, 500, 100];

/** Rules that fire at once, each over one probe, so that each of its alerts is told by one message of its own. */
export const PROBE_RULES = PROBES.map((metricKey) => ({
  name: `Probe ${metricKey}`,
  selector: { metricKey },
  severity: "critical",
  interval: "1s",
  evalDelay: 0,
  // No repetitions, however much time is made to pass.
  repeatInterval: "30d",
  ...(ANOMALY_PROBES.includes(metricKey)
    ? { kind: "anomaly", condition: { minSeverity: "high", direction: "above" } }
    : { kind: "threshold", condition: { operator: "gt", value: LIMIT, aggregate: "max", window: WINDOW_MS } }),
}));

/** What detection learns from: ten minutes of a point a second before a time. */
export const probeHistory = (end: number): Metric[] =>
  ANOMALY_PROBES.flatMap((metricKey) =>
    Array.from({ length: 600 }, (_, second) => {
      return { metricKey, timestamp: Math.floor(end / 1_000) * 1_000 - (600 - second) * 1_000, value: normal(second) };
    }),
  );

const normal = (second: number): number => LOW + Math.sin(second) + Math.cos(2.3 * second);

/** The messages of a kind that tell of an alert, a repetition of the same one not counted. */
export function messagesOf(receiver: WebhookReceiver, type: WebhookBody["type"]): Map<string, readonly Alert[]> {
  const messages = receiver.messages().map(({ id, body }) => ({ id, body: JSON.parse(body) as WebhookBody }));
  return new Map(messages.filter(({ body }) => body.type === type).map(({ id, body }) => [id!, body.data.alerts]));
}

export interface Incidents {
  /** A point over the limit that was acknowledged in time for every evaluation of its window. */
  readonly seenHigh: readonly { readonly metricKey: string; readonly timestamp: number }[];
  readonly surprises: readonly string[];
  /** From now on every probe goes low as soon as its alert was told, and stays there. */
  calm(): void;
  /** The probes that are high, whose alert was not told so far. */
  untold(): readonly string[];
  /** How often each probe went high so far, if at all. */
  rounds(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/**
 * Sends a point of each probe again and again. A probe goes high until a message tells of its alert, then low until a message tells of
 * the end, then high again: so every alert has to be told, and its end.
 */
export function startIncidents(receiver: WebhookReceiver, target: () => Promise<Target>): Incidents {
  const seenHigh: { metricKey: string; timestamp: number }[] = [];
  const surprises: string[] = [];
  const raised = new Map(PROBES.map((metricKey) => [metricKey, { rounds: 0, isHigh: false }]));
  let [stopped, calming] = [false, false];
  const running = run();
  return {
    seenHigh,
    surprises,
    rounds: () => new Map([...raised].map(([metricKey, { rounds }]) => [metricKey, rounds] as const).filter(([, rounds]) => rounds > 0)),
    calm: () => void (calming = true),
    untold: () => PROBES.filter((metricKey) => raised.get(metricKey)!.isHigh),
    stop: () => {
      stopped = true;
      return running;
    },
  };

  async function run(): Promise<void> {
    for (let lastSecond = 0; !stopped; await pause(PAUSE_MS)) {
      const present = await target();
      const now = Date.now() + present.aheadMs;
      const second = Math.floor(now / 1_000);
      decide();
      const value = (metricKey: string) => (raised.get(metricKey)!.isHigh ? HIGH : normal(second));
      const metrics = THRESHOLD_PROBES.map((metricKey) => ({ metricKey, timestamp: now, value: value(metricKey) }));
      const isNewSecond = second > lastSecond;
      if (isNewSecond)
        metrics.push(...ANOMALY_PROBES.map((metricKey) => ({ metricKey, timestamp: second * 1_000, value: value(metricKey) })));
      lastSecond = second;
      if (!(await arrives(metrics, present))) continue;
      const inTime = Date.now() + present.aheadMs - now < 1_000;
      if (inTime) seenHigh.push(...metrics.filter(({ metricKey, value }) => THRESHOLD_PROBES.includes(metricKey) && value > LIMIT));
    }
  }

  function decide(): void {
    const [firing, resolved] = [countOf("alert.firing"), countOf("alert.resolved")];
    for (const [metricKey, probe] of raised) {
      if (probe.isHigh && (firing.get(metricKey) ?? 0) >= probe.rounds) probe.isHigh = false;
      else if (!probe.isHigh && !calming && (resolved.get(metricKey) ?? 0) >= probe.rounds && mayRise(metricKey, probe.rounds)) {
        probe.isHigh = true;
        probe.rounds += 1;
      }
    }

    function mayRise(metricKey: string, rounds: number): boolean {
      const place = ANOMALY_PROBES.indexOf(metricKey);
      return place <= 0 ? place < 0 || rounds === 0 : rounds === 0 && resolved.has(ANOMALY_PROBES[place - 1]!);
    }
  }

  function countOf(type: WebhookBody["type"]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const alerts of messagesOf(receiver, type).values()) {
      for (const { series } of alerts) counts.set(series!.metricKey, (counts.get(series!.metricKey) ?? 0) + 1);
    }
    return counts;
  }

  /** Whether a batch was acknowledged. */
  async function arrives(metrics: readonly Metric[], { url, apiKey }: Target): Promise<boolean> {
    try {
      const response = await fetch(`${url}/api/v1/ingest`, {
        method: "POST",
        headers: { "X-API-Key": apiKey, "Content-Type": "application/json" },
        body: JSON.stringify({ metrics }),
      });
      const text = await response.text();
      if (response.status !== 200) surprises.push(`A probe was answered ${response.status}: ${text}`);
      return response.status === 200;
    } catch (error) {
      if (isBrokenConnection(error)) return false;
      throw error;
    }
  }
}

/** The points over the limit that no episode of their series covers: what should have been told, and was not even noticed. */
export function unnoticed({ seenHigh }: Incidents, alerts: readonly Alert[]): Incidents["seenHigh"] {
  const covers = (timestamp: number, { startedAt, resolvedAt }: Alert) =>
    startedAt !== null && Date.parse(startedAt) < timestamp + WINDOW_MS && (resolvedAt === null || Date.parse(resolvedAt) >= timestamp);
  return seenHigh.filter(
    ({ metricKey, timestamp }) => !alerts.some((alert) => alert.series!.metricKey === metricKey && covers(timestamp, alert)),
  );
}
