import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import onIngested from "../../functions/alert-evaluate/event.ts";
import onTick from "../../functions/alert-evaluate/tick.ts";
import type { RuleId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { batchOf } from "../../shared/core/series/batch.ts";
import { canonicalDimensions, seriesId } from "../../shared/core/series/series-id.ts";
import { openDatabase } from "../../shared/store/database.ts";
import { migrate } from "../../shared/store/migrate.ts";
import { ruleDefinition } from "../../shared/testing/alerting.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { MIGRATIONS } from "../../shared/testing/memory-store.ts";
import { median, ownCpuSeconds } from "../measure.ts";

const MINUTE = 60_000;
/** Series a request, as an agent sends them. */
const SERIES_A_REQUEST = 1_000;

/** CPU seconds of the minutes that were evaluated. */
export interface EvaluationCost {
  /** Median of the minutes in which a point came in for every series. */
  readonly allSeconds: number;
  /** Median of those in which points came in for one series in a hundred. */
  readonly fewSeconds: number;
}

/**
 * Evaluates rules, each on a series of its own, minute by minute: after each request that brings points, and on the minute's tick.
 * @param rules - How many.
 */
export async function measureEvaluation(rules: number, minutes: number): Promise<EvaluationCost> {
  const folder = await mkdtemp(join(tmpdir(), "intentvision-"));
  const database = await openDatabase({ url: `file:${join(folder, "data.db")}` });
  await migrate(database, MIGRATIONS, START);
  const harness = await startHarness({ database });
  try {
    await storeRules(harness, rules);
    const all: number[] = [];
    const few: number[] = [];
    for (let n = 0; n < minutes; n++) all.push(await minute(harness, n, rules));
    // Series that have fallen silent are looked at until there are no data of them; then they cost nothing.
    for (let n = minutes; n < minutes + 10; n++) await minute(harness, n, rules / 100);
    for (let n = minutes + 10; n < 2 * minutes + 10; n++) few.push(await minute(harness, n, rules / 100));
    return { allSeconds: median(all.slice(2)), fewSeconds: median(few) };
  } finally {
    harness.close();
    await rm(folder, { recursive: true });
  }
}

async function storeRules(harness: Harness, rules: number): Promise<void> {
  const { store, newId, clock } = harness.deps;
  const at = clock.now();
  for (let n = 0; n < rules; n++) {
    const definition = ruleDefinition({
      name: `CPU of ${n}`,
      selector: { metricKey: "cpu", dimensions: { host: String(n) } },
      condition: { operator: "gt", value: 90, aggregate: "avg", window: "5m" },
      for: "2m",
    });
    const rule: Rule = { ...definition, id: newId<RuleId>("rul"), version: 1, createdAt: at, updatedAt: at };
    await store.forOrg(harness.org).rules.insert(rule);
  }
}

/** One minute: points for so many series in requests, an evaluation after each, and the tick. @returns The CPU seconds of evaluating. */
async function minute(harness: Harness, n: number, series: number): Promise<number> {
  const at = START + n * MINUTE;
  harness.clock.set(at);
  const { points } = harness.deps.store.forOrg(harness.org);
  let seconds = 0;
  for (let start = 0; start < series; start += SERIES_A_REQUEST) {
    const batch = Array.from({ length: Math.min(SERIES_A_REQUEST, series - start) }, (_, row) => {
      const dimensions = canonicalDimensions({ host: String(start + row) });
      const value = (start + row + n) % 50 === 0 ? 95 : 50;
      return {
        series: seriesId(harness.org, "cpu", dimensions),
        metricKey: "cpu",
        dimensions,
        timestamps: Float64Array.of(at),
        values: Float64Array.of(value),
      };
    });
    const before = harness.committed.length;
    await points.append({ points: batchOf(batch), rejected: [], at });
    const [event] = harness.committed.slice(before);
    const begun = ownCpuSeconds();
    await harness.deliver(onIngested, event!);
    seconds += ownCpuSeconds() - begun;
  }
  const begun = ownCpuSeconds();
  await harness.deliver(onTick, testEvent("tick.minute", null, {}, at));
  return seconds + ownCpuSeconds() - begun;
}
