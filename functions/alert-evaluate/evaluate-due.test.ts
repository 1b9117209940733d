import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import { acknowledge } from "../../shared/core/alert/step.ts";
import { storeRule } from "../../shared/testing/alerting.ts";
import { episodesOf, ingested, minute, tick } from "../../shared/testing/evaluation.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

/** Stores a value a minute, and evaluates each minute. */
async function live(values: readonly number[]): Promise<void> {
  for (const [n, value] of values.entries()) {
    harness.clock.set(minute(n));
    await harness.store("cpu", [[minute(n), value]]);
    await harness.deliver(onTick, tick(harness));
  }
}

describe("an instance that is due", () => {
  test("because somebody acknowledged it, is looked at at its next evaluation, and no earlier", async () => {
    const rule = await storeRule(harness);
    await live([95, 95]);
    const tenant = harness.deps.store.forOrg(harness.org);
    const [alert] = await tenant.alerts.openOfRule(rule.id);
    const [loaded] = await tenant.instances.getMany([alert!.instance]);
    harness.clock.advance(10_000);
    const { instance: after, transitions } = acknowledge(loaded!.state, { kind: "key", id: "key_a" }, harness.clock.now(), null);
    const change = instanceChange(loaded!, { after, transitions }, rule, alert!.series);
    expect(await tenant.instances.commit({ rule, changes: [change], at: harness.clock.now() })).toBe(true);
    let writes = 0;
    const { write } = harness.database;
    harness.database.write = async (statements) => {
      writes += 1;
      return write(statements);
    };
    await harness.deliver(onTick, tick(harness));
    // The leases, and when it is due.
    expect(writes).toBeLessThanOrEqual(5);
    expect((await tenant.instances.getMany([alert!.instance]))[0]!.dueAt).toBeGreaterThan(harness.clock.now());
  });

  test("is evaluated from then on, also where a point brings the pass to it", async () => {
    const rule = await storeRule(harness, { condition: { operator: "gt", value: 90, window: "5m" }, keepFiringFor: "1m", evalDelay: "0s" });
    await live([95, 95, 50]);
    harness.clock.set(minute(5));
    await harness.store("cpu", [[minute(5), 95]]);
    // As if its row had not been among those that the pass took up.
    const { read } = harness.database;
    harness.database.read = async (sql, args) => (sql.includes("i.due_at <= :now") ? [] : read(sql, args));
    await harness.deliver(onEvent, ingested(harness));
    expect(await episodesOf(harness, rule)).toEqual([
      { from: 0, to: 3, reason: "recovered", severity: "warning" },
      { from: 5, to: null, reason: null, severity: "warning" },
    ]);
  });
});
