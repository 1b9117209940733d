import { alertMessage } from "./alert-message.ts";
import type { AlertText, Notification } from "./alert-message.ts";
import type { AlertLink } from "./alert-links.ts";
import { shorten } from "./plain-text.ts";

/** Characters of the whole body, as JSON. */
const BODY_LIMIT = 12_000;
const BLOCKS_LIMIT = 50;
const HEADER_LIMIT = 150;
const SECTION_LIMIT = 3_000;
/** Of a section, what links to elsewhere may take: an address that does not fit is said by its name alone. */
const LINKS_LIMIT = 1_500;
const FALLBACK_LIMIT = 300;
/** What "+N more" may take, with its block around it. */
const MORE_RESERVE = 100;

export interface SlackHeader {
  readonly type: "header";
  readonly text: { readonly type: "plain_text"; readonly text: string };
}
export interface SlackSection {
  readonly type: "section";
  readonly text: { readonly type: "mrkdwn"; readonly text: string };
}
export interface SlackBody {
  /** Shown where blocks cannot be, such as in a notification on a phone. */
  readonly text: string;
  readonly blocks: readonly (SlackHeader | SlackSection)[];
}

/**
 * The body for a Slack incoming webhook: a header, a section an alert, and "+N more" for those that do not fit.
 * @see Slack API reference, "Blocks" (50 a message, section text 3,000, header 150) and "Formatting message text" (escaping).
 */
export function renderSlack(notification: Notification): SlackBody {
  const { title, alerts } = alertMessage(notification);
  const header: SlackHeader = { type: "header", text: { type: "plain_text", text: escapeWithin(title, HEADER_LIMIT) } };
  const text = escapeWithin(title, FALLBACK_LIMIT);
  const sections: SlackSection[] = [];
  const severalRules = new Set(alerts.map(({ ruleName }) => ruleName)).size > 1;
  let room = BODY_LIMIT - JSON.stringify({ text, blocks: [header] }).length - MORE_RESERVE;
  for (const alert of alerts) {
    const next = section(alertMarkdown(alert, severalRules));
    room -= JSON.stringify(next).length + 1;
    if (room < 0 || sections.length === BLOCKS_LIMIT - 2) break;
    sections.push(next);
  }
  const left = alerts.length - sections.length;
  return { text, blocks: [header, ...sections, ...(left === 0 ? [] : [section(`+${left} more`)])] };
}

function section(text: string): SlackSection {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function alertMarkdown({ severity, ruleName, series, lines, links }: AlertText, severalRules: boolean): string {
  const heading = `*${escapeWithin(severalRules ? `${ruleName}: ${series}` : series, 500)}* (${severity})`;
  const open = linksWithin(links, LINKS_LIMIT);
  const room = SECTION_LIMIT - heading.length - open.length - 1;
  return `${heading}\n${escapeWithin(lines.join("\n"), room)}${open}`;
}

function linksWithin(links: readonly AlertLink[], limit: number): string {
  let written = "";
  for (const { name, url } of links) {
    const link = `<${escapeWithin(url, Infinity)}|${name}>`;
    written += (written === "" ? "\n" : " · ") + (written.length + link.length <= limit ? link : name);
  }
  return written;
}

const ESCAPED: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function escapeWithin(text: string, limit: number): string {
  return shorten(text, limit, (codePoint) => ESCAPED[codePoint] ?? codePoint);
}
