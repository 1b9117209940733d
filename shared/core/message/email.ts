import type { Severity } from "../../contract/rule.ts";
import { alertMessage, plainMessage } from "./alert-message.ts";
import type { AlertText, Notification } from "./alert-message.ts";
import { shorten } from "./plain-text.ts";

/** Alerts that a message writes out. */
const SHOWN = 50;
const SUBJECT_LIMIT = 200;
/** Of one alert. */
const LINES_LIMIT = 4_000;
/** Characters of the HTML: from 102 KB on Gmail hides the rest. */
const HTML_LIMIT = 90_000;
const TEXT_LIMIT = 200_000;

export interface EmailBody {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const COLOURS: Readonly<Record<Severity, string>> = { critical: "#b3261e", warning: "#b26a00" };
const RESOLVED = "#2e7d32";

/**
 * An e-mail as text and as HTML, which needs nothing from elsewhere.
 * @param images - Shown below the title; they lie in the message under their `cid`.
 */
export function renderEmail(notification: Notification, images: readonly { readonly cid: string; readonly alt: string }[] = []): EmailBody {
  const message = alertMessage(notification);
  const [, ...lines] = plainMessage(message, SHOWN);
  const { title, alerts } = message;
  const colour = (severity: Severity) => (notification.kind === "resolved" ? RESOLVED : COLOURS[severity]);
  const pictures = images.map(({ cid, alt }) => `<p><img src="cid:${escape(cid)}" alt="${escape(alt)}" style="max-width:100%"></p>`);

  const shown: string[] = [];
  let room = HTML_LIMIT;
  for (const alert of alerts.slice(0, SHOWN)) {
    const next = alertHtml(alert, colour(alert.severity), new Set(alerts.map(({ ruleName }) => ruleName)).size > 1);
    room -= next.length;
    if (room < 0) break;
    shown.push(next);
  }
  const left = alerts.length - shown.length;
  const body = [
    `<h1 style="font-size:18px;margin:0 0 12px">${escape(shorten(title, SUBJECT_LIMIT))}</h1>`,
    ...pictures,
    ...shown,
    ...(left === 0 ? [] : [`<p>+${left} more</p>`]),
  ];
  return {
    subject: shorten(title, SUBJECT_LIMIT),
    text: shorten([title, "", ...lines, ""].join("\n"), TEXT_LIMIT),
    html: `<!doctype html><html><head><meta charset="utf-8"></head><body style="font-family:sans-serif;font-size:14px">${body.join("")}</body></html>`,
  };
}

function alertHtml({ severity, ruleName, series, lines, links }: AlertText, colour: string, severalRules: boolean): string {
  const heading = `${escape(shorten(severalRules ? `${ruleName}: ${series}` : series, 500))} <span style="color:${colour}">${severity}</span>`;
  const said = escape(shorten(lines.join("\n"), LINES_LIMIT)).replaceAll("\n", "<br>");
  const open = links.map(({ name, url }) => `<a href="${escape(url)}">${escape(name)}</a>`).join(" · ");
  return `<div style="border-left:4px solid ${colour};padding:4px 12px;margin:0 0 12px"><b>${heading}</b><br>${said}${open === "" ? "" : `<br>${open}`}</div>`;
}

const ESCAPED: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPED[character]!);
}
