import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Delivery } from "../shared/contract/channel.ts";
import { testedChannel } from "../shared/testing/channels.ts";
import { startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";
import { startPagerdutyReceiver } from "../shared/testing/pagerduty-receiver.ts";
import type { PagerdutyReceiver } from "../shared/testing/pagerduty-receiver.ts";
import { startSmtpReceiver } from "../shared/testing/smtp-receiver.ts";
import type { SmtpReceiver } from "../shared/testing/smtp-receiver.ts";
import { startTeamsReceiver } from "../shared/testing/teams-receiver.ts";
import type { TeamsReceiver } from "../shared/testing/teams-receiver.ts";
import { createClient } from "../tools/dev/client.ts";

// The real system, set up as an operator would, tells each of its channels.

const ROUTING_KEY = "0123456789abcdefghijABCDEFGHIJ12";
const PASSWORD = "hunter2-hunter2";

describe("a test of a channel", () => {
  let [pagerduty, smtp, teams]: [PagerdutyReceiver?, SmtpReceiver?, TeamsReceiver?] = [];
  let system: LocalSystem;
  beforeAll(async () => {
    [pagerduty, smtp, teams] = await Promise.all([
      startPagerdutyReceiver({ routingKey: ROUTING_KEY }),
      startSmtpReceiver({ password: PASSWORD }),
      startTeamsReceiver(),
    ]);
    system = await startLocalSystem({
      env: {
        GUARDED_FETCH_ALLOW: `${pagerduty.host},${teams.host}`,
        INTENTVISION_PAGERDUTY_URL: pagerduty.base,
        INTENTVISION_SMTP_HOST: smtp.host,
        INTENTVISION_SMTP_PORT: String(smtp.port),
        INTENTVISION_SMTP_SECURITY: "none",
        INTENTVISION_SMTP_USER: "iv",
        INTENTVISION_SMTP_PASSWORD: PASSWORD,
        INTENTVISION_SMTP_FROM: "IntentVision <alerts@example.org>",
      },
    });
  }, 120_000);
  afterAll(async () => {
    await system.remove();
    for (const one of [pagerduty, smtp, teams]) await one?.stop();
  });

  /** Makes a channel, tests it, and waits for what becomes of that. */
  async function tested(kind: string, config: object): Promise<Delivery> {
    const client = createClient(system.url, system.apiKey);
    const { id } = await client.call<{ id: string }>("POST", "/api/v1/channels", { name: kind, kind, config });
    return testedChannel(system, id);
  }

  test("reaches PagerDuty", async () => {
    expect(await tested("pagerduty", { routingKey: ROUTING_KEY })).toMatchObject({ status: "delivered", lastStatus: 202 });
    expect(pagerduty!.incidents()).toMatchObject([{ severity: "info" }]);
  });

  test("reaches a mailbox, by the operator's server", async () => {
    expect(await tested("email", { to: ["ada@example.com"] })).toMatchObject({ status: "delivered", lastStatus: 250 });
    expect(smtp!.messages()).toMatchObject([{ user: "iv", to: ["ada@example.com"], mail: { from: { name: "IntentVision" } } }]);
  });

  test("reaches Teams", async () => {
    expect(await tested("teams", { url: teams!.url })).toMatchObject({ status: "delivered", lastStatus: 202 });
  });

  test("reaches no mail server of a tenant's that is not public, and nothing that the system prints has a secret in it", async () => {
    // A name: an address that is written as one would be refused before.
    const own = { host: "localhost", port: smtp!.port, from: "own@example.com", user: "iv", password: PASSWORD };
    const refused = await tested("email", { to: ["ada@example.com"], smtp: own });
    expect(refused).toMatchObject({ status: "dead", lastError: "localhost is not on the public internet" });
    expect(system.output()).not.toMatch(new RegExp(`${PASSWORD}|${ROUTING_KEY}`));
  });
});
