import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { batchOf } from "../../shared/core/series/batch.ts";
import { canonicalDimensions } from "../../shared/core/series/series-id.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createDetection } from "./create.ts";
import event from "./event.ts";

// Long work leaves the process to others every now and then: counted, not timed.

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

/** How often others had their turn while this was done. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let [turns, working] = [0, true];
  const others = (async () => {
    while (working) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
  })();
  await work.finally(() => (working = false));
  await others;
  return turns;
}

test("others get their turn at least once a hundred series while new ones are learned", async () => {
  const { points, series } = harness.deps.store.forOrg(harness.org);
  const rows = Array.from({ length: 3_000 }, (_, n) => {
    const dimensions = canonicalDimensions({ host: String(n) });
    return {
      series: series.idOf("cpu", { host: String(n) }),
      metricKey: "cpu",
      dimensions,
      timestamps: Float64Array.of(START),
      values: Float64Array.of(1),
    };
  });
  await points.append({ points: batchOf(rows), rejected: [], at: START });
  const turns = await turnsDuring(
    harness.deliver(event, testEvent("metrics.ingested", harness.org, { seq: 1, n: rows.length, from: START, to: START })),
  );
  expect(turns).toBeGreaterThanOrEqual(30);
});

test("others get their turn at least once a thousand rows of a request, also when all of them have one time", async () => {
  const input = { timestamps: Array.from({ length: 4_000 }, () => START), values: Array.from({ length: 4_000 }, (_, n) => n % 7) };
  expect(await turnsDuring(harness.call(createDetection, { input }))).toBeGreaterThanOrEqual(3);
});
