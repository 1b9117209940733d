import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createGuardedFetch } from "../../shared/net/guarded-fetch.ts";
import { fire, storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";
import { startSlackReceiver } from "../../shared/testing/slack-receiver.ts";
import { startTeamsReceiver } from "../../shared/testing/teams-receiver.ts";
import { startWebhookReceiver } from "../../shared/testing/webhook-receiver.ts";

const [OLD, NEW] = [1, 2].map((byte) => `whsec_${Buffer.alloc(32, byte).toString("base64")}`) as [string, string];
const HOUR = 3_600_000;

let harness: Harness;
let receivers: { stop(): Promise<void> }[];
beforeEach(async () => {
  harness = await startHarness();
  receivers = [];
});
afterEach(async () => {
  for (const one of receivers) await one.stop();
  harness.close();
});

async function receiving<Receiver extends { readonly host: string; stop(): Promise<void> }>(started: Promise<Receiver>): Promise<Receiver> {
  const receiver = await started;
  receivers.push(receiver);
  harness.answerFetch(createGuardedFetch({ allow: receivers.map((one) => (one as Receiver).host) }));
  return receiver;
}
const { ring, hand, deliveries, only, fireNow } = notifierOver(() => harness);

describe("Teams", () => {
  test("takes the card of an alert", async () => {
    const teams = await receiving(startTeamsReceiver());
    await storeChannel(harness, { kind: "teams", config: { url: teams.url } });
    await fireNow(undefined, { host: "a" });
    expect(teams.requests()).toMatchObject([{ faults: [], taken: true }]);
    expect(teams.requests()[0]!.body).toContain("Critical: CPU is high on cpu{host=a}");
    expect(await only()).toMatchObject({ status: "delivered", lastStatus: 202 });
  });

  test("that is busy is sent it again", async () => {
    const teams = await receiving(startTeamsReceiver());
    await storeChannel(harness, { kind: "teams", config: { url: teams.url } });
    teams.answerNext({ status: 429, headers: { "Retry-After": "60" } });
    await fireNow();
    await ring(START + 60_000);
    expect(await only()).toMatchObject({ status: "delivered", attempts: 2 });
  });
});

test("a storm of 500 alerts is a message that Slack takes, and one that Teams takes", async () => {
  const slack = await receiving(startSlackReceiver());
  const teams = await receiving(startTeamsReceiver());
  await storeChannel(harness, { kind: "slack", config: { url: slack.url }, stormLimit: 1_000 });
  await storeChannel(harness, { kind: "teams", config: { url: teams.url }, stormLimit: 1_000 });
  const rule = await storeRule(harness, { annotations: { note: "<!channel> & *all*" } });
  for (let n = 0; n < 500; n += 1) await fire(harness, rule, { dimensions: { host: `<h${n}>` } });
  await hand();
  await ring(START + 30_000);
  expect([slack.requests()[0]!.faults, teams.requests()[0]!.faults]).toEqual([[], []]);
  for (const { body } of [slack.requests()[0]!, teams.requests()[0]!]) expect(body).toMatch(/\+\d{3} more/);
  expect(slack.requests()[0]!.body).not.toContain("<!channel>");
});

describe("a webhook", () => {
  test("made for an Alertmanager gets what one would send, signed all the same", async () => {
    const hook = await receiving(startWebhookReceiver({ secret: OLD, now: harness.clock.now }));
    await storeChannel(harness, { name: "On call", kind: "webhook", config: { url: hook.url, secret: OLD, format: "alertmanager" } });
    await fireNow(undefined, { host: "a" });
    expect(hook.requests()).toMatchObject([{ signature: "valid" }]);
    expect(JSON.parse(hook.requests()[0]!.body)).toMatchObject({
      version: "4",
      receiver: "On call",
      status: "firing",
      alerts: [{ labels: { alertname: "CPU is high", host: "a", severity: "critical" }, startsAt: new Date(START).toISOString() }],
    });
  });

  test("whose secret is being changed is signed with both, and from its end on with the new one", async () => {
    const before = await receiving(startWebhookReceiver({ secret: OLD, now: harness.clock.now }));
    const after = await receiving(startWebhookReceiver({ secret: NEW, now: harness.clock.now }));
    const previous = { secret: OLD, until: START + HOUR };
    for (const { url } of [before, after]) await storeChannel(harness, { kind: "webhook", config: { url, secret: NEW, previous } });
    await fireNow(undefined, { host: "a" });
    for (const hook of [before, after]) {
      expect(hook.requests()).toMatchObject([{ signature: "valid" }]);
      expect(hook.requests()[0]!.headers["webhook-signature"]).toMatch(/^v1,\S+ v1,\S+$/);
    }
    harness.clock.advance(HOUR);
    await fireNow(undefined, { host: "b" });
    expect([before.requests()[1]!.signature, after.requests()[1]!.signature]).toEqual(["invalid", "valid"]);
    expect(after.requests()[1]!.headers["webhook-signature"]).toMatch(/^v1,\S+$/);
    expect((await deliveries()).map(({ status }) => status).toSorted()).toEqual(["dead", "delivered", "delivered", "delivered"]);
  });
});
