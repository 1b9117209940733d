import { expect, test } from "@jest/globals";
import { alert, notification } from "../../testing/notifications.ts";
import { renderEmail } from "./email.ts";

test("a storm is as many alerts as a mailbox shows, and the number of the others", () => {
  const annotations = { note: "<".repeat(1_000) };
  const { subject, text, html } = renderEmail(notification(Array.from({ length: 500 }, (_, n) => alert(n, { annotations }))));
  expect(subject).toBe("Warning: CPU is high on 500 series");
  expect(text).toMatch(/\n\+450 more\n$/);
  expect(html.length).toBeLessThan(102_000);
  const shown = html.split("border-left").length - 1;
  expect(shown).toBeGreaterThan(10);
  expect(html).toContain(`<p>+${500 - shown} more</p>`);
});

test("an image that lies in the message is shown, whatever it is called", () => {
  const { html } = renderEmail(notification([alert(1)]), [{ cid: "chart", alt: 'CPU "high"' }]);
  expect(html).toContain('<img src="cid:chart" alt="CPU &quot;high&quot;"');
});

test("an alert is coloured by its severity, and one that ended as such", () => {
  const html = (kind: "firing" | "resolved") => renderEmail(notification([alert(1, { severity: "critical" })], { kind })).html;
  expect(html("firing")).toContain("#b3261e");
  expect(html("resolved")).toContain("#2e7d32");
});
