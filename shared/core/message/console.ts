import { alertMessage, plainMessage } from "./alert-message.ts";
import type { Notification } from "./alert-message.ts";

/** Alerts that a terminal shows of one message. */
const SHOWN = 10;

/** One paragraph for the terminal, without a line end after it and without control characters but line ends. */
export function renderConsole(notification: Notification): string {
  return plainMessage(alertMessage(notification), SHOWN).join("\n");
}
