import { backtestRule } from "../../functions/rule-backtest/backtest.ts";
import type { Backtest } from "../../functions/rule-backtest/contract.ts";
import { sweepRule } from "../../functions/rule-backtest/sweep.ts";
import type { RuleDefinition } from "../../shared/contract/rule.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { median } from "../measure.ts";
import { row } from "../report.ts";
import type { Benchmark, Row } from "../report.ts";
import { measureEvaluation } from "./evaluation.ts";
import { measurePrometheusRules } from "./prometheus-rules.ts";

const MINUTE = 60_000;
const DAYS = 30;
const POINTS = DAYS * 1_440;
const ROUNDS = 5;
const POINTS_A_BATCH = 1_440;
/** Of a backtest of a month of minutes. */
const MOST_MS = 2_000;

/** Rules that are evaluated live, and for how many minutes. */
const RULES = 10_000;
const MINUTES = 8;
/** Of a minute on one core. */
const MOST_CPU_SECONDS = 60;

type Condition = Pick<RuleDefinition, "kind"> & { readonly condition: object };
const CONDITIONS: Readonly<Record<string, Condition>> = {
  "a threshold on each point": { kind: "threshold", condition: { operator: "gt", value: 90 } },
  "a threshold on the mean of an hour": { kind: "threshold", condition: { operator: "gt", value: 80, aggregate: "avg", window: "1h" } },
  "a threshold on the 95th percentile of a day": {
    kind: "threshold",
    condition: { operator: "gt", value: 85, aggregate: "p95", window: "1d" },
  },
  "a rate of change over an hour": { kind: "rate-of-change", condition: { operator: "gt", value: 10, unit: "per_hour", window: "1h" } },
  "missing data": { kind: "missing-data", condition: { expectedInterval: "1m" } },
};

export const alerting: Benchmark = {
  name: "alerting",
  about: `A backtest of ${DAYS} days of one-minute points of one series, from the request to the answer, and live evaluation of many rules; medians`,

  async run(say) {
    const harness = await startHarness();
    try {
      say(`${STORED} points are stored.`);
      const series = await store(harness);
      const rows: Row[] = [];
      const from = START - POINTS * MINUTE;
      const reading = await timed(async () => {
        const { timestamps } = await harness.deps.store
          .forOrg(harness.org)
          .points.read(series, { from, to: START, limit: POINTS, order: "asc" });
        if (timestamps.length !== STORED) throw new Error(`Only ${timestamps.length} points were stored`);
      });
      const anchor = { name: "reading the points alone", value: reading };
      for (const [words, condition] of Object.entries(CONDITIONS)) {
        const rule = {
          name: words,
          selector: { metricKey: "cpu" },
          interval: "1m",
          for: condition.kind === "threshold" ? "5m" : "0s",
          ...condition,
        };
        const ms = await timed(async () => {
          const answer = (await harness.call(backtestRule, { rule, from })) as Backtest;
          if (answer.points !== STORED || answer.episodeCount === 0) throw new Error(`It found nothing for ${words}`);
        });
        rows.push(row(`backtest of ${words}`, ms, "ms", { anchor, bar: MOST_MS }));
      }
      const rule = { name: "Sweep", selector: { metricKey: "cpu" }, interval: "1m", ...CONDITIONS["a threshold on each point"] };
      const grid = { values: [70, 75, 80, 85, 90, 95], for: ["0s", "5m", "15m"] };
      const ms = await timed(() => harness.call(sweepRule, { rule, from, ...grid }));
      rows.push(row("sweep of 18 settings of a threshold", ms, "ms", { anchor }));
      return [...rows, ...(await evaluationRows(say))];
    } finally {
      harness.close();
    }
  },
};

/** What a minute of live evaluation costs, by how much of it has changed. */
async function evaluationRows(say: (text: string) => void): Promise<Row[]> {
  say(`${RULES} rules are evaluated, each on a series of its own.`);
  const { allSeconds, fewSeconds } = await measureEvaluation(RULES, MINUTES);
  const prometheus = await measurePrometheusRules(RULES, say);
  const beside = prometheus === null ? {} : { anchor: { name: "Prometheus, one evaluation of as many rules", value: prometheus } };
  return [
    row(`a minute of ${RULES} rules, points for every series`, allSeconds, "CPU s", { ...beside, bar: MOST_CPU_SECONDS }),
    row("the same, points for one series in a hundred", fewSeconds, "CPU s", {
      anchor: { name: "points for every series", value: allSeconds },
    }),
  ];
}

/** A wave of a day with noise, that is bad for some hours of each week, and silent for ten minutes after them. */
async function store(harness: Harness) {
  let seed = 1;
  const noise = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const all = Array.from({ length: POINTS }, (_, n): [number, number] => {
    const bad = n % 10_080 < 300 ? 30 : 0;
    return [START - (POINTS - n) * MINUTE, 60 + 15 * Math.sin((2 * Math.PI * n) / 1_440) + 10 * noise() + bad];
  });
  const points = all.filter((_, n) => !isSilent(n));
  for (let start = 0; start < points.length; start += POINTS_A_BATCH)
    await harness.store("cpu", points.slice(start, start + POINTS_A_BATCH));
  return harness.deps.store.forOrg(harness.org).series.idOf("cpu", {});
}

const isSilent = (n: number): boolean => n % 10_080 >= 300 && n % 10_080 < 310;
const STORED = Array.from({ length: POINTS }, (_, n) => n).filter((n) => !isSilent(n)).length;

/** Wall time in ms, median of some rounds. */
async function timed(act: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    await act();
    times.push(performance.now() - began);
  }
  return median(times);
}
