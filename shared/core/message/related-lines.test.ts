import { describe, expect, test } from "@jest/globals";
import type { EarlierAlert, Related } from "../../contract/alert.ts";
import type { NearbyChange } from "../../contract/change-event.ts";
import type { AlertId, ChangeEventId } from "../../contract/ids.ts";
import { alert, notification } from "../../testing/notifications.ts";
import { hashId } from "../hash-id.ts";
import { alertMessage } from "./alert-message.ts";
import { renderers } from "./render.ts";
import { renderTemplate, templateFault } from "./template.ts";

const AT = Date.UTC(2026, 10, 20, 10, 5);
const iso = (minutes: number) => new Date(Date.UTC(2026, 10, 20, 10, minutes)).toISOString();
const change = (title: string, minutes: number, changes: Partial<NearbyChange> = {}): NearbyChange => ({
  id: hashId<ChangeEventId>("chg", [title]),
  kind: "deployment",
  title,
  at: iso(minutes),
  endAt: null,
  dimensions: {},
  link: null,
  ...changes,
});
const related = (changes: Partial<Related>): { related: Related } => ({
  related: { earlier: { ofInstance: 0, ofRule: 0, newest: [] }, firing: null, ...changes },
});
const near = (...changes: NearbyChange[]) => related({ changes });
const lines = (...args: Parameters<typeof notification>) => alertMessage(notification(...args)).alerts.map((one) => one.lines);

describe("changes near an alert", () => {
  const changes = [change("api v1.2.3", -4), change("new-cart", 2, { kind: "flag" }), change("Ada moved a cable", 0, { kind: "other" })];
  const said = "deployment api v1.2.3, 4 min before; flag new-cart, 2 min after; Ada moved a cable, at its beginning";

  test("are told with how far off they are, as long as it fires", () => {
    expect(lines([alert(1, near(...changes))])[0]).toContain(`Changes near it: ${said}`);
    expect(lines([alert(1, near(...changes))], { kind: "resolved" })[0]!.join()).not.toContain("Changes");
    expect(lines([alert(1, near())])[0]!.join()).not.toContain("Changes");
    expect(lines([alert(1, related({}))])[0]!.join()).not.toContain("Changes");
  });

  test("are told once of the alerts of a rule, unless another has others", () => {
    const [a, b] = [change("a", -1), change("b", -1)];
    const told = lines([alert(1, near(a, b)), alert(2, near(b, a)), alert(3, near(b))]);
    expect(told.map((one) => one.some((line) => line.startsWith("Changes")))).toEqual([true, false, true]);
  });

  test("stand for {{changes}} in a template", () => {
    const template = "{{#changes}}Was it {{changes}}?{{/changes}}{{^changes}}Nothing changed{{/changes}}";
    expect(templateFault(template, {})).toBeNull();
    expect(renderTemplate(template, alert(1, near(...changes)), AT)).toBe(`Was it ${said}?`);
    expect(renderTemplate(template, alert(1), AT)).toBe("Nothing changed");
  });

  test("cannot mention a channel or bring markup into a message", () => {
    const hostile = notification([alert(1, near(change("<!channel> <script>alert(1)</script> \u202Eend", -4)))]);
    const slack = JSON.stringify(renderers.slack(hostile));
    expect(slack).toContain("deployment &lt;!channel&gt; &lt;script&gt;");
    expect(slack).not.toMatch(/<!channel>|<script>|\u202e/i);
    const { html, text } = renderers.email(hostile);
    expect(html).toContain("&lt;script&gt;");
    expect(html).not.toContain("<script>");
    expect(text).toContain("<!channel> <script>alert(1)</script>  end, 4 min before");
  });
});

test("what tells the firing alerts from the other series of their rule is told in place of what they merely share", () => {
  const firing = { alerts: 10, dimensions: [{ name: "env", value: "prod", alerts: 10 }] };
  const top = { name: "region", value: "eu", alerts: 9, ofAlerts: 10, series: 12, ofSeries: 100 };
  const [told] = lines([alert(1, related({ firing, topDimensions: [top, { ...top, name: "rack", value: "r7", alerts: 5, series: 5 }] }))]);
  const line =
    "Of the 10 alerts of this rule that fire, 9 have region=eu, which 12 of its 100 series have; 5 have rack=r7, which 5 of its 100 series have";
  expect(told).toContain(line);
  expect(told!.join()).not.toContain("env=prod");
  expect(lines([alert(1, related({ firing, topDimensions: [] }))])[0]!.join()).toContain("most with env=prod (10)");
});

test("of alerts before it is told how they ended and what was said of them", () => {
  const before = (days: number, changes: Partial<EarlierAlert>): EarlierAlert => ({
    id: hashId<AlertId>("alt", [days]),
    startedAt: new Date(Date.UTC(2026, 10, 20 - days, 10)).toISOString(),
    duration: "5m",
    ...changes,
  });
  const newest = [
    before(1, { reason: "manual", note: `Restarted\nit${"!".repeat(500)}`, feedback: "incident" }),
    before(2, { reason: "recovered", note: "Nothing", feedback: "bad-data" }),
  ];
  const [told] = lines([alert(1, related({ earlier: { ofInstance: 2, ofRule: 2, newest } }))]);
  expect(told).toContain(
    "Fired 2 times in the 30 days before: 2026-11-19 10:00:00 UTC for 5 min (resolved by hand, called an incident), 2026-11-18 10:00:00 UTC for 5 min (called bad data)",
  );
  const note = told!.find((line) => line.startsWith("Noted"))!;
  expect(note).toMatch(/^Noted the last time: Restarted it!+…$/);
  expect(note.length).toBeLessThan(230);
});
