import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as v from "valibot";
import { Alert } from "../../contract/alert.ts";
import { ChannelDefinition, InboxMessage } from "../../contract/channel.ts";
import type { InboxMessageId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { alert, groupKey, linked, notification } from "../../testing/notifications.ts";
import { renderers } from "./render.ts";

test("every kind of channel has a renderer that renders a test message", () => {
  const kinds = ChannelDefinition.options.map(({ entries }) => entries.kind.literal);
  expect(Object.keys(renderers).toSorted()).toEqual(kinds.toSorted());
  for (const kind of kinds) {
    const rendered = JSON.stringify(renderers[kind](notification([], { kind: "test", reason: null, groupKey: null })));
    expect(rendered).toMatch(/test/i);
  }
});

describe("webhook", () => {
  test("the body has the type, the time, and the alerts as the API answers them", () => {
    const alerts = [alert(1), alert(2)];
    const body = renderers.webhook(notification(alerts));
    expect(body).toEqual({
      type: "alert.firing",
      timestamp: "2026-11-20T10:05:00.000Z",
      data: { alerts, groupKey, reason: "first", title: "Warning: CPU is high on 2 series" },
    });
    for (const one of body.data.alerts) expect(v.is(Alert, one)).toBe(true);
  });

  test.each([
    ["resolved", "alert.resolved"],
    ["test", "test"],
  ] as const)("%s has the type %s", (kind, type) => {
    expect(renderers.webhook(notification([], { kind })).type).toBe(type);
  });
});

const sections = (body: ReturnType<typeof renderers.slack>) =>
  body.blocks.filter(({ type }) => type === "section").map(({ text }) => text.text);
/** An alert of which there is next to nothing to say. */
const short = (n: number) => alert(n, { value: null, startedAt: null, evidence: {}, series: { ...alert(n).series!, dimensions: {} } });

const shortBody = (n: number) => renderers.slack(notification(Array.from({ length: n }, (_, row) => short(row))));

describe("slack", () => {
  test("one alert is a header, a section with its links, and a text for where blocks cannot be shown", () => {
    const body = renderers.slack(notification([alert(1, linked)]));
    expect(body.text).toBe("Warning: CPU is high on cpu{host=h1}");
    expect(body.blocks).toEqual([
      { type: "header", text: { type: "plain_text", text: body.text } },
      {
        type: "section",
        text: {
          type: "mrkdwn",
          text:
            "*cpu{host=h1}* (warning)\nValue: 97.5\nFiring since 2026-11-20 10:00:00 UTC (5 min)\nlast over 1m: 95 (alerts above 90)\n" +
            "<https://wiki.example/cpu|Runbook> · <https://grafana.example/d/cpu?a=1&amp;b=2|Dashboard>",
        },
      },
    ]);
  });

  test("what a tenant wrote cannot mention a channel, make a link or end an escape", () => {
    const body = renderers.slack(notification([alert(1, { ruleName: "<!channel> & <http://x|y>", annotations: { a: "&lt;" } })]));
    expect(body.text).toContain("&lt;!channel&gt; &amp; &lt;http://x|y&gt;");
    expect(sections(body)[0]).toContain("a: &amp;lt;");
  });

  test("500 alerts are as many as fit and the number of the others", () => {
    const body = renderers.slack(notification(Array.from({ length: 500 }, (_, n) => alert(n))));
    const [more, ...shown] = sections(body).toReversed();
    expect(shown.length).toBeGreaterThan(20);
    expect(more).toBe(`+${500 - shown.length} more`);
  });

  test("as many short alerts as there may be blocks are all shown", () => {
    expect([shortBody(48).blocks.length, sections(shortBody(48)).at(-1)]).toEqual([49, "*cpu* (warning)\n"]);
    expect([shortBody(500).blocks.length, sections(shortBody(500)).at(-1)]).toEqual([50, "+452 more"]);
  });

  test("whatever the texts, every limit of Slack holds and no alert is uncounted", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "&", "<", ">", '"', "\\", "\n", "\u0007", "🚀", "\ud800", "*"),
      maxLength: 1_500,
      size: "max",
    });
    const any = fc.record({
      ruleName: text,
      severity: fc.constantFrom("warning" as const, "critical" as const),
      annotations: fc.dictionary(fc.constantFrom("summary", "note"), text),
      runbook: fc.webUrl({ withQueryParameters: true, withFragments: true }),
      host: text,
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 60, size: "max" }), (texts) => {
        const alerts = texts.map(({ host, runbook, annotations, ...changes }, n) =>
          alert(n, {
            ...changes,
            annotations: { ...annotations, runbook_url: runbook },
            series: { ...alert(n).series!, dimensions: { host } },
          }),
        );
        const body = renderers.slack(notification(alerts));
        expect(JSON.stringify(body).length).toBeLessThan(12_000);
        expect(body.blocks.length).toBeLessThanOrEqual(50);
        for (const {
          type,
          text: { text },
        } of [{ type: "fallback", text: body }, ...body.blocks]) {
          expect(text.length).toBeLessThanOrEqual(type === "header" ? 150 : 3_000);
          expect(text.length).toBeGreaterThan(0);
          expect(text.isWellFormed()).toBe(true);
          expect(text.replaceAll(/&(amp|lt|gt);/g, "").replaceAll(/<https?:[^<>|]+\|Runbook>/g, "")).not.toMatch(/[&<>]/);
        }
        const shown = sections(body).filter((section) => !/^\+\d+ more$/.test(section)).length;
        const more = Number(/^\+(\d+) more$/.exec(sections(body).at(-1) ?? "")?.[1] ?? 0);
        expect([shown > 0, shown + more]).toEqual([true, alerts.length]);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});

describe("console", () => {
  test("one paragraph, without an empty line", () => {
    const text = renderers.console(notification([alert(1), alert(2)]));
    expect(text.split("\n")[0]).toBe("Warning: CPU is high on 2 series");
    expect(text).not.toMatch(/\n\s*\n|\n$/);
  });

  test("a storm is ten alerts and the number of the others", () => {
    expect(renderers.console(notification(Array.from({ length: 500 }, (_, n) => alert(n))))).toMatch(/\n\+490 more$/);
  });
});

describe("inbox", () => {
  test("a title, the rest as text, and the alerts themselves, as the contract has it", () => {
    const message = renderers.inbox(notification([alert(1)]));
    expect(message).toMatchObject({ kind: "firing", title: "Warning: CPU is high on cpu{host=h1}", alerts: [alert(1)] });
    expect(message.text).toMatch(/^ {2}Value: 97.5\n/);
    const id = hashId<InboxMessageId>("msg", [1]);
    expect(v.is(InboxMessage, { ...message, id, createdAt: "2026-11-20T10:05:00.000Z", readAt: null })).toBe(true);
  });

  test("a storm stays readable", () => {
    const annotations = { note: "x".repeat(1_024) };
    const { text, alerts } = renderers.inbox(notification(Array.from({ length: 500 }, (_, n) => alert(n, { annotations }))));
    expect([text.length, alerts.length]).toEqual([20_000, 500]);
  });
});
