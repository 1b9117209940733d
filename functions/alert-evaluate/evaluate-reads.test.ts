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

test("with a new point a rule of missing data reads what came lately, not all that its series sent before it would be forgotten", async () => {
  const rule = await storeRule(harness, { kind: "missing-data", condition: { expectedInterval: "1m" }, evalDelay: 0 });
  const points = Array.from({ length: 200 }, (_, n) => [minute(n) + 7_000, 1] as const);
  harness.clock.set(minute(200));
  await harness.store("cpu", points);
  await harness.deliver(onTick, tick(harness));

  let read = 0;
  const { forOrg } = harness.deps.store;
  const counting = (...[org]: Parameters<typeof forOrg>) => {
    const tenant = forOrg(org);
    const readMany: typeof tenant.points.readMany = async (...asked) => {
      const columns = await tenant.points.readMany(...asked);
      for (const { timestamps } of columns.values()) read += timestamps.length;
      return columns;
    };
    return { ...tenant, points: { ...tenant.points, readMany } };
  };
  Object.assign(harness.deps, { store: { ...harness.deps.store, forOrg: counting } });
  harness.clock.set(minute(201) + 10_000);
  const arrived = [200, 201].map((n) => [minute(n) + 7_000, 1] as const);
  await harness.store("cpu", arrived);
  await harness.deliver(onTick, tick(harness));
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(40);

  // One that was silent for longer is known all the same: it is missing since its newest point, not for ever.
  for (let n = 202; n < 240; n++) {
    harness.clock.set(minute(n));
    await harness.deliver(onTick, tick(harness));
  }
  expect(await episodesOf(harness, rule)).toEqual([{ from: 205, to: null, reason: null, severity: "warning" }]);
});
