import type { InboxMessage } from "../../contract/channel.ts";
import { alertMessage, plainMessage } from "./alert-message.ts";
import type { Notification } from "./alert-message.ts";
import { shorten } from "./plain-text.ts";

/** Alerts that the text writes out; all of them stand beside it. */
const SHOWN = 50;
const TITLE_LIMIT = 500;
const TEXT_LIMIT = 20_000;

/** A message of the inbox, before it has an id. */
export function renderInbox(notification: Notification): Pick<InboxMessage, "kind" | "title" | "text" | "alerts"> {
  const message = alertMessage(notification);
  const [title, ...lines] = plainMessage(message, SHOWN);
  return {
    kind: notification.kind,
    title: shorten(title!, TITLE_LIMIT),
    text: shorten(lines.join("\n"), TEXT_LIMIT),
    alerts: [...notification.alerts],
  };
}
