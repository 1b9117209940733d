import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { storeRule } from "../../shared/testing/alerting.ts";
import { episodesOf, minute, tick } from "../../shared/testing/evaluation.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import onTick from "./tick.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

/** How many series each read of points took in. */
function countSeriesRead(): number[] {
  const counts: number[] = [];
  const { read } = harness.database;
  harness.database.read = async (sql, args) => {
    if (sql.includes("AS ids") && sql.includes("chunk")) counts.push((JSON.parse(args["ids"] as string) as unknown[]).length);
    return read(sql, args);
  };
  return counts;
}

test.each([
  ["5m", [8]],
  ["1d", [8]],
  ["100d", [4, 4]],
  ["400d", [1, 1, 1, 1, 1, 1, 1, 1]],
])("a rule with a window of %s over 8 series reads so many of them at a time, and fires for each: %j", async (window, expected) => {
  const rule = await storeRule(harness, { condition: { operator: "gt", value: 90, aggregate: "max", window }, evalDelay: 0 });
  for (let host = 0; host < 8; host++) await harness.store("cpu", [[minute(0), 95]], { host: String(host) });
  const counts = countSeriesRead();
  harness.clock.set(minute(1));
  await harness.deliver(onTick, tick(harness));
  expect(counts).toEqual(expected);
  expect(await episodesOf(harness, rule)).toHaveLength(8);
});
