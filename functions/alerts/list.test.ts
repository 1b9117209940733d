import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Alert } from "../../shared/contract/alert.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { acknowledgeAlert } from "./acknowledge.ts";
import { listAlerts } from "./list.ts";
import { resolveAlert } from "./resolve.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

type Answer = { items: Alert[]; nextCursor: string | null };
const ids = async (status: string) => (await list({ status })).items.map(({ id }) => id);
const list = async (query: object = {}, options = {}) => (await harness.call(listAlerts, query, options)) as Answer;

describe("200", () => {
  test("alerts come newest first, a page at a time", async () => {
    const rule = await storeRule(harness);
    const ids: string[] = [];
    for (const [place, host] of ["a", "b", "c"].entries()) ids.push(await fire(harness, rule, { at: START + place, dimensions: { host } }));
    const first = await list({ limit: "2" });
    const second = await list({ limit: "2", cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids.toReversed());
    expect(second.nextCursor).toBeNull();
  });

  test("status=pending lists instances: no id yet, their instance's instead", async () => {
    const rule = await storeRule(harness, { for: "5m", labels: { team: "web" } });
    const { instance } = await evaluate(harness, rule, { outcome: "true", value: 95 }, { host: "a" });
    expect((await list({ status: "pending" })).items).toMatchObject([
      {
        id: null,
        instanceId: instance.id,
        ruleName: "CPU is high",
        status: "pending",
        condition: "pending",
        dataQuality: "ok",
        pendingAt: "2026-11-20T10:00:00.000Z",
        startedAt: null,
        series: { metricKey: "cpu", dimensions: { host: "a" } },
        labels: { team: "web" },
      },
    ]);
    expect((await list()).items).toEqual([]);
  });

  test("annotations are filled in, also of what is pending yet", async () => {
    const annotations = { summary: "{{dimensions.host}} is at {{value}}" };
    const rule = await storeRule(harness, { annotations });
    const id = await fire(harness, rule, { dimensions: { host: "a" } });
    await evaluate(harness, await storeRule(harness, { for: "5m", annotations }), { outcome: "true", value: 95 }, { host: "b" });
    const summaries = async (query: object) => (await list(query)).items.map((alert) => alert.annotations["summary"]);
    expect([await summaries({}), await summaries({ status: "pending" })]).toEqual([["a is at 95"], ["b is at "]]);
    expect(await harness.call(acknowledgeAlert, { id })).toMatchObject({ annotations: { summary: "a is at 95" } });
  });

  test("each status lists those that are in it", async () => {
    const rule = await storeRule(harness);
    const [firing, taken, ended] = [
      await fire(harness, rule, { dimensions: { host: "a" } }),
      await fire(harness, rule, { dimensions: { host: "b" } }),
      await fire(harness, rule, { dimensions: { host: "c" } }),
    ];
    await harness.call(acknowledgeAlert, { id: taken, ttl: "1h" });
    await harness.call(resolveAlert, { id: ended });
    expect([await ids("firing"), await ids("acknowledged"), await ids("resolved"), await ids("suppressed")]).toEqual([
      [firing],
      [taken],
      [ended],
      [],
    ]);
    harness.clock.advance(3_600_000);
    expect(new Set(await ids("firing"))).toEqual(new Set([firing, taken]));
  });

  test("alerts are filtered by rule, severity, series and metric", async () => {
    await fire(harness, await storeRule(harness));
    const rule = await storeRule(harness, { severity: "critical", selector: { metricKey: "load" } });
    const id = await fire(harness, rule);
    const series = harness.deps.store.forOrg(harness.org).series.idOf("load", {});
    for (const query of [{ ruleId: rule.id }, { severity: "critical" }, { metricKey: "load" }, { series }]) {
      expect((await list(query)).items.map((alert) => alert.id)).toEqual([id]);
    }
  });

  test("another organisation sees none of them", async () => {
    await fire(harness, await storeRule(harness));
    await evaluate(harness, await storeRule(harness, { for: "5m" }), { outcome: "true", value: 95 });
    expect((await list({}, { org: harness.otherOrg })).items).toEqual([]);
    expect((await list({ status: "pending" }, { org: harness.otherOrg })).items).toEqual([]);
  });
});
