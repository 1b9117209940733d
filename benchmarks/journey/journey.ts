import { setTimeout as pause } from "node:timers/promises";
import { startWebhookReceiver } from "../../shared/testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../shared/testing/webhook-receiver.ts";
import { startLocalSystem } from "../../shared/testing/local-system.ts";
import { createClient } from "../../tools/dev/client.ts";
import type { Client, Metric } from "../../tools/dev/client.ts";
import { median, quantile } from "../measure.ts";
import { row } from "../report.ts";
import type { Benchmark, Row } from "../report.ts";
import { measureFirstStart } from "./first-start.ts";

const JOURNEYS = 100;
const THRESHOLD_JOURNEYS = 20;
const WARM_UP_POINTS = 240;
const POINT_EVERY_MS = 15_000;
/** Journeys that are not counted: they wait for detection to have learned, and let the code get warm. */
const UNCOUNTED = 5;
const TOLD_WITHIN_MS = 30_000;
const SPIKE = 10_000;
const MOMENT_MS = 10;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const FIRST_START_BAR_S = 90;

/** Unix ms with fractions, as the receiver and the sender both read it. */
const now = (): number => performance.timeOrigin + performance.now();

export const journey: Benchmark = {
  name: "journey",
  about: `From an ingest request's start to the webhook's arrival, ${JOURNEYS} times, each with a series and a rule of its own`,

  async run(say) {
    const receiver = await startWebhookReceiver({ now });
    const system = await startLocalSystem({ env: { GUARDED_FETCH_ALLOW: receiver.host } });
    let rows: Row[];
    try {
      const client = createClient(system.url, system.apiKey);
      say(`${JOURNEYS} series are warmed up, ${WARM_UP_POINTS} points each.`);
      await warmUp(client);
      const bare = { name: "a bare POST to the same receiver", value: median(await barePosts(receiver)) };
      await client.call("POST", "/api/v1/channels", { name: "Receiver", kind: "webhook", config: { url: receiver.url } });

      say("A spike in each series is told by an anomaly rule.");
      const anomaly = await journeys({ client, receiver, n: JOURNEYS, ruleOf: anomalyRule, everyMs: MOMENT_MS });
      say(`${THRESHOLD_JOURNEYS} points are told by threshold rules, which are evaluated each full second: one is waited for first.`);
      const threshold = await journeys({ client, receiver, n: THRESHOLD_JOURNEYS, ruleOf: thresholdRule, everyMs: SECOND_MS });
      rows = [
        row("Anomaly rule, ingest to webhook, p50", median(anomaly), "ms", { anchor: bare }),
        row("Anomaly rule, ingest to webhook, p99", quantile(anomaly, 0.99), "ms", { anchor: bare }),
        row("Threshold rule of 1 s, ingest to webhook, p50", median(threshold), "ms", { anchor: bare }),
        row("Threshold rule of 1 s, ingest to webhook, p99", quantile(threshold, 0.99), "ms", { anchor: bare }),
      ];
    } finally {
      await system.remove();
      await receiver.stop();
    }
    say(`The whole system starts for the first time: forecast, anomaly and alert within ${FIRST_START_BAR_S} s.`);
    const toInbox = await measureFirstStart();
    return [...rows, row("First start to a forecast, an anomaly and its alert in the inbox", toInbox, "s", { bar: FIRST_START_BAR_S })];
  },
};

const metricKey = (index: number) => `journey.metric_${String(index).padStart(3, "0")}`;

const anomalyRule = (index: number) => ({
  name: `Anomaly ${index}`,
  kind: "anomaly",
  selector: { metricKey: metricKey(index) },
  condition: { minSeverity: "low", direction: "above" },
  interval: "1s",
  evalDelay: 0,
  severity: "critical",
});

const thresholdRule = (index: number) => ({
  name: `Threshold ${index}`,
  kind: "threshold",
  selector: { metricKey: metricKey(index) },
  condition: { operator: "gt", value: 5_000 },
  interval: "1s",
  evalDelay: 0,
  severity: "critical",
});

/** Waits for the next time that is a multiple of so many milliseconds, and no full minute: then the tick could be faster than the point. */
async function nextFull(ms: number): Promise<number> {
  const next = (Math.floor(Date.now() / ms) + 1) * ms;
  const time = next % MINUTE_MS === 0 ? next + ms : next;
  while (Date.now() < time) await pause(time - Date.now());
  return time;
}

interface Journeys {
  readonly client: Client;
  readonly receiver: WebhookReceiver;
  readonly n: number;
  readonly ruleOf: (index: number) => { readonly name: string };
  /** Points are sent at multiples of it, as soon as they come: a rule looks at what happens after it was made. */
  readonly everyMs: number;
}

/** Milliseconds from the start of each request that brings a spike to the arrival of its webhook. */
async function journeys({ client, receiver, n, ruleOf, everyMs }: Journeys): Promise<number[]> {
  const latencies: number[] = [];
  for (let index = 0; index < UNCOUNTED + n; index++) {
    const rule = ruleOf(index);
    const { id } = await client.call<{ id: string }>("POST", "/api/v1/rules", rule);
    const timestamp = await nextFull(everyMs);
    const startedAt = now();
    await client.ingest([{ metricKey: metricKey(index), timestamp, value: SPIKE }]);
    const toldAt = await toldOf(rule.name, receiver);
    if (index >= UNCOUNTED) latencies.push(toldAt - startedAt);
    await client.call("PATCH", `/api/v1/rules/${id}`, { enabled: false });
  }
  return latencies;
}

/** When the receiver had the first message that a rule fires. @throws Error when it does not come. */
async function toldOf(ruleName: string, receiver: WebhookReceiver): Promise<number> {
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(resolve, TOLD_WITHIN_MS, "late");
  try {
    for (;;) {
      const requests = receiver.requests();
      const told = requests.find(({ body }) => firesBy(ruleName, body));
      if (told !== undefined) return told.at;
      if ((await Promise.race([receiver.received(requests.length + 1), late])) === "late") {
        throw new Error(`Nobody was told of ${ruleName} within ${TOLD_WITHIN_MS / 1_000} s.`);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

function firesBy(ruleName: string, body: string): boolean {
  const { type, data } = JSON.parse(body) as { type: string; data?: { alerts: readonly { ruleName: string }[] } };
  return type === "alert.firing" && data?.alerts.some((alert) => alert.ruleName === ruleName) === true;
}

/** What a POST over an open connection takes to the same receiver, in milliseconds. */
async function barePosts(receiver: WebhookReceiver): Promise<number[]> {
  const body = JSON.stringify({ type: "bare" });
  const latencies: number[] = [];
  for (let index = 0; index < UNCOUNTED + JOURNEYS; index++) {
    const startedAt = now();
    const response = await fetch(receiver.url, { method: "POST", body });
    await response.arrayBuffer();
    if (index >= UNCOUNTED) latencies.push(receiver.requests().at(-1)!.at - startedAt);
  }
  return latencies;
}

/** Gives each series an uneventful hour. */
async function warmUp(client: Client): Promise<void> {
  const end = Date.now() - POINT_EVERY_MS;
  const metrics: Metric[] = [];
  for (let place = 0; place < WARM_UP_POINTS; place++) {
    const timestamp = end - (WARM_UP_POINTS - place) * POINT_EVERY_MS;
    for (let index = 0; index < UNCOUNTED + JOURNEYS; index++) {
      const wave = 5 * Math.sin(place / 7 + index) + ((place * 7_919 + index * 104_729) % 100) / 50;
      metrics.push({ metricKey: metricKey(index), timestamp, value: 100 + wave });
    }
  }
  await client.ingest(metrics);
}
