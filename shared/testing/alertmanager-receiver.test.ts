import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createGuardedFetch } from "../net/guarded-fetch.ts";
import { startAlertmanagerReceiver } from "./alertmanager-receiver.ts";
import type { AlertmanagerReceiver } from "./alertmanager-receiver.ts";

const [T0, T1, T2] = [10, 11, 12].map((hour) => Date.UTC(2026, 10, 20, hour)) as [number, number, number];
const iso = (ms: number) => new Date(ms).toISOString();
const alert = { labels: { alertname: "CPU is high" }, annotations: {}, startsAt: iso(T0), endsAt: iso(T1) };

let receiver: AlertmanagerReceiver;
beforeEach(async () => {
  receiver = await startAlertmanagerReceiver();
});
afterEach(() => receiver.stop());

const push = async (alerts: unknown, path = "api/v2/alerts") => {
  const call = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(alerts) };
  return (await createGuardedFetch({ allow: [receiver.host] })(`${receiver.base}${path}`, call)).status;
};

test("an alert fires until it ends, by what was pushed of it last", async () => {
  expect(await push([alert])).toBe(200);
  expect([receiver.firing(T1 - 1).length, receiver.firing(T1).length]).toEqual([1, 0]);
  await push([{ ...alert, endsAt: iso(T2) }]);
  expect([receiver.firing(T1).length, receiver.firing(T2).length]).toEqual([1, 0]);
  await push([{ ...alert, labels: { ...alert.labels, severity: "critical" }, endsAt: iso(T2) }]);
  expect(receiver.firing(T1)).toHaveLength(2);
});

test("another path is refused", async () => {
  expect(await push([alert], "api/v1/alerts")).toBe(400);
});

test.each<[string, unknown]>([
  ["one alert that is in no list", alert],
  ["no labels", [{ ...alert, labels: {} }]],
  ["labels that are all empty", [{ ...alert, labels: { alertname: "" } }]],
  ["a name that Prometheus does not have", [{ ...alert, labels: { "shop.name": "eu" } }]],
  ["such a name of an annotation", [{ ...alert, annotations: { "0": "eu" } }]],
  ["an end before its start", [{ ...alert, startsAt: iso(T1), endsAt: iso(T0) }]],
])("refused is %s", async (_what, alerts) => {
  expect(await push(alerts)).toBe(400);
  expect(receiver.firing(T0)).toEqual([]);
});
