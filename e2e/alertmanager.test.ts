import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Alert } from "../shared/contract/alert.ts";
import { ALERTMANAGER_MISSING, hasAlertmanager, startAlertmanager } from "../shared/testing/alertmanager.ts";
import type { Alertmanager } from "../shared/testing/alertmanager.ts";
import { startHttpReceiver } from "../shared/testing/http-receiver.ts";
import type { HttpReceiver } from "../shared/testing/http-receiver.ts";
import { startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";
import { createClient } from "../tools/dev/client.ts";

// A real Alertmanager is pushed to; then the system is started again with its clock ahead, as if some minutes had passed.

const PATIENCE_MS = 40_000;
const MINUTE_MS = 60_000;
/** Each in a group of its own. */
const [STAYS, ENDS] = ["queue.stays", "queue.ends"] as const;
const ruleOf = (metricKey: string) => ({
  name: `Long: ${metricKey}`,
  kind: "threshold",
  selector: { metricKey },
  condition: { operator: "gt", value: 90, aggregate: "max", window: 60_000 },
  severity: "critical",
  interval: "1s",
  evalDelay: 0,
  labels: { team: "shop" },
});

interface WebhookBody {
  readonly status: string;
  readonly commonLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly { readonly startsAt: string }[];
}

if (!hasAlertmanager()) process.stdout.write(`${ALERTMANAGER_MISSING}\n`);

(hasAlertmanager() ? describe : describe.skip)("Alertmanager", () => {
  const theirs: WebhookBody[] = [];
  const ours: WebhookBody[] = [];
  let hooks: HttpReceiver;
  let alertmanager: Alertmanager;
  let system: LocalSystem;
  let aheadMs = 0;
  const client = () => createClient(system.url, system.apiKey);
  const env = () => ({ GUARDED_FETCH_ALLOW: `${alertmanager.host},${hooks.host}` });
  beforeAll(async () => {
    hooks = await startHttpReceiver(({ path, body }) => {
      (path === "/theirs" ? theirs : ours).push(JSON.parse(body) as WebhookBody);
      return { status: 200 };
    }, "/");
    alertmanager = await startAlertmanager({ webhook: `${hooks.url}theirs` });
    system = await startLocalSystem({ env: env() });
    await client().call("POST", "/api/v1/channels", { name: "Ours", kind: "alertmanager", config: { url: alertmanager.url } });
    const config = { url: `${hooks.url}ours`, format: "alertmanager" };
    await client().call("POST", "/api/v1/channels", { name: "hook", kind: "webhook", config });
    for (const metricKey of [STAYS, ENDS]) await client().call("POST", "/api/v1/rules", ruleOf(metricKey));
    await until(async () => {
      const point = { timestamp: Date.now(), value: 95, dimensions: { "shop.name": "eu" } };
      await client().ingest([STAYS, ENDS].map((metricKey) => ({ metricKey, ...point })));
      return (await alertmanager.alerts()).length === 2 && theirs.length === 2 && ours.length === 2;
    });
  }, 120_000);
  afterAll(async () => {
    await system.remove();
    await alertmanager.stop();
    await hooks.stop();
  });

  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; !(await holds()); await pause(200)) {
      if (Date.now() < end) continue;
      const said = JSON.stringify([await client().call("GET", "/api/v1/deliveries"), await alertmanager.alerts(), theirs, ours]);
      throw new Error(`It did not come to that: ${said}. Alertmanager logged:\n${alertmanager.log()}`);
    }
  }
  /** So much later. */
  async function later(ms: number): Promise<void> {
    await system.stop();
    aheadMs += ms;
    system = await startLocalSystem({ env: env(), dataDir: system.dataDir, aheadMs });
  }
  const pushed = async (metricKey: string) => (await alertmanager.alerts()).find(({ labels }) => labels["metric"] === metricKey);
  const alert = async (metricKey: string) => {
    const { items } = await client().call<{ items: Alert[] }>("GET", "/api/v1/alerts");
    return items.find(({ series }) => series!.metricKey === metricKey)!;
  };
  const of = (bodies: readonly WebhookBody[], metricKey: string) =>
    bodies.filter(({ commonLabels }) => commonLabels["metric"] === metricKey);

  test("has the alert, with its labels, since it began", async () => {
    const one = (await pushed(STAYS))!;
    expect(one).toMatchObject({
      labels: { alertname: `Long: ${STAYS}`, severity: "critical", metric: STAYS, shop_name: "eu", team: "shop" },
      status: { state: "active" },
    });
    expect(Date.parse(one.startsAt)).toBe(Date.parse((await alert(STAYS)).startedAt!));
  });

  test("sends what our webhook in its format sends, but for the keys of its own groups and its own address", () => {
    const said = ([body]: readonly WebhookBody[]) => ({
      ...body!,
      groupKey: "",
      externalURL: "",
      alerts: body!.alerts.map((one) => ({ ...one, startsAt: Date.parse(one.startsAt) })),
    });
    expect(said(of(ours, STAYS))).toEqual(said(of(theirs, STAYS)));
  });

  test("is told again of what fires before that would end by itself, and of the end of what was resolved; people hear of nothing twice", async () => {
    const before = (await pushed(STAYS))!;
    await client().call("POST", `/api/v1/alerts/${(await alert(ENDS)).id}/resolve`, {});
    await later(4 * MINUTE_MS);
    await until(async () => (await pushed(ENDS)) === undefined && (await pushed(STAYS))!.endsAt > before.endsAt && theirs.length === 3);
    expect(await pushed(STAYS)).toMatchObject({ fingerprint: before.fingerprint, startsAt: before.startsAt });
    expect(of(theirs, STAYS).map(({ status }) => status)).toEqual(["firing"]);
    expect(of(theirs, ENDS).map(({ status }) => status)).toEqual(["firing", "resolved"]);
    expect(await alert(STAYS)).toMatchObject({ status: "firing", notificationCount: 1 });
  });
});
