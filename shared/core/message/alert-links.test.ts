import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { alert, linked, notification } from "../../testing/notifications.ts";
import { pagerdutyFaults } from "../../testing/pagerduty-receiver.ts";
import { teamsFaults } from "../../testing/teams-receiver.ts";
import { splitLinks } from "./alert-links.ts";
import { renderEmail } from "./email.ts";
import { renderers } from "./render.ts";
import { renderAnnotations } from "./template.ts";

const ROUTING_KEY = "0123456789abcdefghijABCDEFGHIJ12";
const PAGE = "https://wiki.example/cpu";
const TRAP = 'https://wiki.example/"><b>|x>?q=a b\'&r=<i>#`{}|"ü';

test("an annotation whose name says that it is an address is a link, where its text is one of http or https", () => {
  const { links, texts } = splitLinks({ ...linked.annotations, summary: "See https://wiki.example" });
  expect(links).toEqual([
    { name: "Runbook", url: PAGE },
    { name: "Dashboard", url: "https://grafana.example/d/cpu?a=1&b=2" },
  ]);
  expect(texts).toEqual([["summary", "See https://wiki.example"]]);
});

test.each([
  ["javascript:alert(1)"],
  ["data:text/html,x"],
  ["//wiki.example"],
  ["/cpu"],
  ["wiki.example/cpu"],
  [""],
  ["https://"],
  [`https://wiki.example/${"x".repeat(500)}`],
])("what is no such address stays a text: %s", (text) => {
  expect(splitLinks({ runbook_url: text })).toEqual({ links: [], texts: [["runbook_url", text]] });
});

test("whatever an address holds, it is plain ASCII that ends no link on any channel, and leads where it led", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      (end, page) => {
        for (const text of [page + end, `${page}?q=${end}`]) {
          for (const { url } of splitLinks({ runbook_url: text }).links) {
            expect(url).toMatch(/^https?:[\x21-\x7e]+$/);
            expect(url).not.toMatch(/["'<>`|\\]/);
            expect(new URL(url).host).toBe(new URL(text).host);
          }
        }
      },
    ),
  );
});

test("a dimension that a placeholder puts into an address changes nothing but its own part", () => {
  const address = "https://grafana.example/d/cpu?var-host={{dimensions.host}}";
  const hostile = alert(1, {
    series: { ...alert(1).series!, dimensions: { host: 'a b|<c>\n"d' } },
    annotations: { dashboard_url: address },
  });
  const [link] = splitLinks(renderAnnotations(hostile, 0)).links;
  expect(link!.url).toBe("https://grafana.example/d/cpu?var-host=a%20b%7C%3Cc%3E%20%22d");
});

test("each channel links it in its own way, and an address breaks none of them", () => {
  const message = notification([alert(1, { annotations: { runbook_url: TRAP, dashboard_url: PAGE } })]);
  const safe = splitLinks({ runbook_url: TRAP }).links[0]!.url;
  const escaped = safe.replaceAll("&", "&amp;");
  expect(JSON.stringify(renderers.slack(message).blocks)).toContain(`<${escaped}|Runbook> · <${PAGE}|Dashboard>`);
  const { html, text } = renderEmail(message);
  expect(html).toContain(`<a href="${escaped}">Runbook</a> · <a href="${PAGE}">Dashboard</a>`);
  expect(text).toContain(`Runbook: ${safe}`);
  const [event] = renderers.pagerduty(message);
  expect(event!.links).toEqual([
    { href: safe, text: "Runbook" },
    { href: PAGE, text: "Dashboard" },
  ]);
  expect(pagerdutyFaults({ routing_key: ROUTING_KEY, ...event }, ROUTING_KEY)).toEqual([]);
  expect(teamsFaults(renderers.teams(message))).toEqual([]);
  expect(renderers.console(message)).toContain(`Runbook: ${safe}`);
});

test("in Slack an address of ampersands leaves room for what the alert says", () => {
  const address = `https://wiki.example/?${"&".repeat(400)}`;
  const { blocks } = renderers.slack(notification([alert(1, { annotations: { runbook_url: address, dashboard_url: PAGE } })]));
  expect(blocks[1]!.text.text).toMatch(/Value: 97.5[^]*\nRunbook · <https:\/\/wiki.example\/cpu\|Dashboard>$/);
});
