import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { quietPoints } from "../../shared/testing/detection.ts";
import { START } from "../../shared/testing/harness.ts";
import { startSystem } from "../../shared/testing/system.ts";
import type { TestSystem } from "../../shared/testing/system.ts";

let system: TestSystem;
beforeEach(async () => {
  system = await startSystem();
});
afterEach(() => system.harness.close());

test.each([
  [150, true],
  [400, undefined],
])("an alert of an anomaly after %d points has `warming` in its evidence: %s", async (n, warming) => {
  const { harness } = system;
  harness.clock.set(START - 60_000);
  await storeChannel(harness, { kind: "console" });
  const rule = await storeRule(harness, { kind: "anomaly", condition: { minSeverity: "low" }, severity: "critical" });
  const points = quietPoints(n, { spikes: [START] });
  const key = await system.http.keyOf(harness.org, ["write"]);
  for (const [now, some] of [
    [START - 1, points.slice(0, -1)],
    [START + 1, points.slice(-1)],
  ] as const) {
    harness.clock.set(now);
    const metrics = some.map(([timestamp, value]) => ({ metricKey: "cpu", timestamp, value }));
    expect((await system.request("POST", "/api/v1/ingest", { key, body: { metrics } })).status).toBe(200);
    await system.tick();
  }
  const { items } = await harness.deps.store.forOrg(harness.org).alerts.list({ rule: rule.id }, { limit: 10 }, START + 1);
  expect(items).toHaveLength(1);
  expect(items[0]!.episode.evidence["warming"]).toBe(warming);
  const said = harness.printed.filter((text) => text.includes("Little is known of this series yet"));
  expect(said).toHaveLength(warming === true ? 1 : 0);
});
