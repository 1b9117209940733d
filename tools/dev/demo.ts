import { timeText } from "../../shared/core/message/plain-text.ts";
import type { Client } from "./client.ts";
import { DEMO_METRICS, HISTORY_MS, historyIncidents, MINUTE_MS, OUTAGE, simulateHistory, simulateMinute, SIMULATED } from "./simulation.ts";
import type { Terminal } from "./terminal.ts";

/** How long the live incident lasts that a newcomer sees, from the first full minute on. */
const INCIDENT_MINUTES = 6;

const RULES = [
  {
    name: "Demo: checkout latency is abnormal",
    kind: "anomaly",
    selector: { metricKey: DEMO_METRICS.latency },
    condition: { minSeverity: "high", direction: "above" },
    severity: "critical",
    annotations: { note: "Simulated: the demo's own incident" },
  },
  {
    name: "Demo: checkout errors above 25 a minute",
    kind: "threshold",
    selector: { metricKey: DEMO_METRICS.errors },
    condition: { operator: "gt", value: 25, recover: 10 },
    for: "2m",
    annotations: { note: "Simulated: the demo's own incident" },
  },
  {
    name: "This machine's CPU is busy",
    kind: "threshold",
    selector: { metricKey: "host.cpu_percent" },
    condition: { operator: "gt", value: 95, recover: 80, aggregate: "avg", window: "2m" },
    for: "5m",
  },
] as const;

interface Forecast {
  readonly timestamps: readonly number[];
  readonly mean: readonly number[];
  readonly intervals: readonly { level: number; lo: readonly number[]; hi: readonly number[] }[];
  readonly models: readonly { name: string }[];
}

/**
 * Fills the demo organisation at a first start: 30 days of simulated history, a forecast, rules. A later start simulates what was missed
 * in between. A first start that was cut short is made good by the next one: the rules come last, and mark that all is there.
 */
export async function fillDemo(client: Client, terminal: Terminal, now: number): Promise<void> {
  const { items } = await client.call<{ items: readonly unknown[] }>("GET", "/api/v1/rules?limit=1");
  const end = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  if (items.length > 0) {
    await catchUp(client, terminal, end);
    return;
  }
  const history = simulateHistory(end);
  const progress = terminal.progress("Simulating a shop's last 30 days", history.length, "point");
  await client.ingest(history, progress.update);
  progress.done();
  terminal.say(
    `In it are three incidents: ${historyIncidents(end)
      .map(({ what, from }) => `${what} (${timeText(from)})`)
      .join("; ")}.`,
  );
  await showForecast(client, terminal);
  for (const rule of RULES) await client.call("POST", "/api/v1/rules", rule);
}

/** Simulates the minutes since the newest one that is there, 30 days at most. */
async function catchUp(client: Client, terminal: Terminal, end: number): Promise<void> {
  const match = encodeURIComponent(`source="${SIMULATED.source}"`);
  const path = `/api/v1/series?metricKey=${DEMO_METRICS.requests}&match=${match}&limit=1`;
  const [series] = (await client.call<{ items: readonly { id: string }[] }>("GET", path)).items;
  if (series === undefined) return;
  const { timestamps } = await client.call<{ timestamps: readonly number[] }>(
    "GET",
    `/api/v1/series/${series.id}/points?order=desc&limit=1`,
  );
  const from = Math.max((timestamps.at(-1) ?? 0) + MINUTE_MS, end - HISTORY_MS);
  const minutes = Array.from({ length: Math.max(0, (end - from) / MINUTE_MS) }, (_, n) => from + n * MINUTE_MS);
  await client.ingest(minutes.flatMap((minute) => simulateMinute(minute)));
  terminal.say(
    `The simulated shop goes on where it was${minutes.length === 0 ? "" : `, ${minutes.length.toLocaleString("en")} minutes later`}.`,
  );
}

async function showForecast(client: Client, terminal: Terminal): Promise<void> {
  const series = { metricKey: DEMO_METRICS.requests, dimensions: SIMULATED };
  const forecast = await client.call<Forecast>("POST", "/api/v1/forecasts", { series, horizon: 60 });
  const interval = forecast.intervals.find(({ level }) => level === 95)!;
  const last = forecast.mean.length - 1;
  const range = `${Math.round(interval.lo[last]!)} to ${Math.round(interval.hi[last]!)}`;
  terminal.say(
    `Forecast by ${forecast.models[0]!.name}: in an hour about ${Math.round(forecast.mean[last]!)} requests a minute (95%: ${range}).`,
  );
}

/**
 * Goes on simulating, a minute at a time, with an incident that starts at the first full minute: so a newcomer sees an alert come and go.
 * @param onError - Hears of a minute that could not be sent; the next one is tried all the same.
 */
export function startDemo(
  client: Client,
  terminal: Terminal,
  now: () => number,
  onError: (error: unknown) => void,
): { readonly incidentAt: number; stop(): void } {
  const incidentAt = Math.floor(now() / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const incidentEnds = incidentAt + INCIDENT_MINUTES * MINUTE_MS;
  let timer: NodeJS.Timeout | undefined;
  const send = () => {
    const at = now();
    const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
    timer = setTimeout(send, minute + MINUTE_MS - at + 50);
    if (minute === incidentAt) terminal.say(`An incident is being simulated, for ${INCIDENT_MINUTES} minutes.`);
    if (minute === incidentEnds) terminal.say("The simulated incident is over. Its alerts resolve within minutes.");
    client.ingest(simulateMinute(minute, minute >= incidentAt && minute < incidentEnds ? OUTAGE : undefined)).catch(onError);
  };
  send();
  return { incidentAt, stop: () => clearTimeout(timer) };
}
