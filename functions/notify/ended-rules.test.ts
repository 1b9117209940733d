import { afterEach, beforeEach, expect, test } from "@jest/globals";
import * as v from "valibot";
import { RoutesDefinition } from "../../shared/contract/alert-policy.ts";
import type { RuleId } from "../../shared/contract/ids.ts";
import { storePolicy } from "../../shared/testing/alert-policies.ts";
import { storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { minute } from "../../shared/testing/evaluation.ts";
import { startSystem } from "../../shared/testing/system.ts";
import type { TestSystem } from "../../shared/testing/system.ts";

let system: TestSystem;
beforeEach(async () => {
  system = await startSystem();
});
afterEach(() => system.harness.close());

type Request = readonly [method: string, path: (rule: RuleId) => string, body?: object];
const rulePath = (rule: RuleId) => `/api/v1/rules/${rule}`;
const elsewhere = { metricKey: "cpu", matchers: [{ name: "host", op: "=", value: "b" }] };

test.each<[reason: string, request: Request | null]>([
  ["rule_deleted", ["DELETE", rulePath]],
  ["rule_disabled", ["PATCH", rulePath, { enabled: false }]],
  ["rule_changed", ["PATCH", rulePath, { selector: elsewhere }]],
  ["expired", null],
])("an alert that ends as %s is closed where a state is kept, also by a route that wants no resolves", async (reason, request) => {
  const { harness } = system;
  const bodies: { type: string; data: { alerts: { status: string; reason: string | null }[] } }[] = [];
  harness.answerFetch(async (_url, { body }) => {
    bodies.push(JSON.parse(body as string) as (typeof bodies)[number]);
    return { status: 200, headers: {}, body: "" };
  });
  await storeChannel(harness, { kind: "webhook", config: { url: "https://hooks.example.com/one" } });
  await storeChannel(harness, { kind: "console" });
  await storePolicy(harness, "routes", v.parse(RoutesDefinition, { sendResolved: false }));
  const rule = await storeRule(harness, { severity: "critical", evalDelay: 0 });
  await harness.store("cpu", [[minute(0), 95]], { host: "a" });
  await system.tick();
  if (request === null) harness.clock.set(minute(24 * 60));
  else {
    const [method, path, body] = request;
    const answer = await system.request(method, path(rule.id), { key: await system.http.keyOf(harness.org, ["*"]), body });
    expect(answer.status).toBeLessThan(300);
  }
  await system.tick();
  harness.clock.advance(5 * 60_000);
  await system.tick();
  await system.tick();
  expect(bodies.map(({ type, data }) => [type, data.alerts.map((alert) => [alert.status, alert.reason])])).toEqual([
    ["alert.firing", [["firing", null]]],
    ["alert.resolved", [["resolved", reason]]],
  ]);
  expect(harness.printed).toHaveLength(1);
});
