import type { Severity } from "../../contract/rule.ts";
import { alertMessage } from "./alert-message.ts";
import type { AlertText, Notification } from "./alert-message.ts";
import { shorten } from "./plain-text.ts";

/** Of the whole body as JSON in UTF-8: Teams takes 28 KB. */
const SIZE_LIMIT_BYTES = 28_000;
const TITLE_LIMIT = 300;
const HEADING_LIMIT = 300;
/** Of one alert: one that takes all of this fits alone. */
const LINES = 12;
const LINE_LIMIT = 500;
/** What "+N more" may take. */
const MORE_RESERVE_BYTES = 300;

interface TextRun {
  readonly type: "TextRun";
  readonly text: string;
  readonly weight?: "Bolder";
  readonly size?: "Large";
  readonly color?: "Attention" | "Warning" | "Good" | "Accent";
  readonly selectAction?: { readonly type: "Action.OpenUrl"; readonly url: string };
}
/** Text that is shown as it is: a TextBlock would take what stands in it for Markdown, links included. */
interface RichTextBlock {
  readonly type: "RichTextBlock";
  readonly inlines: readonly TextRun[];
  readonly spacing?: "None";
}
interface Container {
  readonly type: "Container";
  readonly separator: true;
  readonly items: readonly RichTextBlock[];
}
export interface TeamsBody {
  readonly type: "message";
  readonly attachments: readonly {
    readonly contentType: "application/vnd.microsoft.card.adaptive";
    readonly contentUrl: null;
    readonly content: {
      readonly $schema: string;
      readonly type: "AdaptiveCard";
      readonly version: "1.4";
      readonly fallbackText: string;
      readonly msteams: { readonly width: "Full" };
      readonly body: readonly (RichTextBlock | Container)[];
    };
  }[];
}

const COLOURS: Readonly<Record<Severity, "Attention" | "Warning">> = { critical: "Attention", warning: "Warning" };

/**
 * The body for a webhook of Teams' Workflows: one Adaptive Card, with the alerts that fit and "+N more".
 * @see Microsoft Teams, "Post a message in a channel when a webhook request is received"; Adaptive Cards 1.4, RichTextBlock.
 */
export function renderTeams(notification: Notification): TeamsBody {
  const { title, alerts } = alertMessage(notification);
  const worst = alerts[0];
  const color = worst === undefined ? "Accent" : notification.kind === "resolved" ? "Good" : COLOURS[worst.severity];
  const heading = shorten(title, TITLE_LIMIT);
  const severalRules = new Set(alerts.map(({ ruleName }) => ruleName)).size > 1;

  const shown: Container[] = [];
  const body = () => {
    const left = alerts.length - shown.length;
    const more = left === 0 ? [] : [line(`+${left} more`)];
    return message(heading, [
      { ...line(heading), inlines: [{ ...run(heading), weight: "Bolder", size: "Large", color }] },
      ...shown,
      ...more,
    ]);
  };
  let room = SIZE_LIMIT_BYTES - sizeOf(body()) - MORE_RESERVE_BYTES;
  for (const alert of alerts) {
    const next = container(alert, severalRules);
    room -= sizeOf(next) + 1;
    if (room < 0) break;
    shown.push(next);
  }
  return body();
}

const message = (fallbackText: string, body: readonly (RichTextBlock | Container)[]): TeamsBody => ({
  type: "message",
  attachments: [
    {
      contentType: "application/vnd.microsoft.card.adaptive",
      contentUrl: null,
      content: {
        $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        type: "AdaptiveCard",
        version: "1.4",
        fallbackText,
        msteams: { width: "Full" },
        body,
      },
    },
  ],
});

function container({ severity, ruleName, series, lines, links }: AlertText, severalRules: boolean): Container {
  const heading = `${shorten(severalRules ? `${ruleName}: ${series}` : series, HEADING_LIMIT)} (${severity})`;
  const open: TextRun[] = links.flatMap(({ name, url }, n) => [
    ...(n === 0 ? [] : [run(" · ")]),
    { ...run(name), selectAction: { type: "Action.OpenUrl", url } },
  ]);
  return {
    type: "Container",
    separator: true,
    items: [
      { type: "RichTextBlock", inlines: [{ ...run(heading), weight: "Bolder" }] },
      ...lines.slice(0, LINES).map(line),
      ...(open.length === 0 ? [] : [{ ...line(""), inlines: open }]),
    ],
  };
}

const run = (text: string): TextRun => ({ type: "TextRun", text: shorten(text, LINE_LIMIT) });
const line = (text: string): RichTextBlock => ({ type: "RichTextBlock", spacing: "None", inlines: [run(text)] });
const sizeOf = (value: object) => Buffer.byteLength(JSON.stringify(value));
