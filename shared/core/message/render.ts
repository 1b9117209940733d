import type { ChannelKind } from "../../contract/channel.ts";
import type { Notification } from "./alert-message.ts";
import { renderAlertmanager } from "./alertmanager.ts";
import { renderConsole } from "./console.ts";
import { renderEmail } from "./email.ts";
import { renderInbox } from "./inbox.ts";
import { renderPagerduty } from "./pagerduty.ts";
import { renderSlack } from "./slack.ts";
import { renderTeams } from "./teams.ts";
import { renderWebhook } from "./webhook.ts";

/** How each kind of channel says a notification: one line a kind. */
export const renderers = {
  webhook: renderWebhook,
  slack: renderSlack,
  pagerduty: renderPagerduty,
  email: renderEmail,
  teams: renderTeams,
  alertmanager: renderAlertmanager,
  inbox: renderInbox,
  console: renderConsole,
} as const satisfies Record<ChannelKind, (notification: Notification) => unknown>;
