import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { alert, linked, notification } from "../../testing/notifications.ts";
import { teamsFaults } from "../../testing/teams-receiver.ts";
import { renderTeams } from "./teams.ts";

const texts = (body: object): readonly string[] =>
  [...JSON.stringify(body).matchAll(/"text":("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text!) as string);
const bytes = (body: object) => Buffer.byteLength(JSON.stringify(body));

test("a card says the title, and of each alert its series, its lines and its links", () => {
  const body = renderTeams(notification([alert(1), alert(2, { ...linked, severity: "critical" })]));
  expect(teamsFaults(body)).toEqual([]);
  expect(texts(body).slice(0, 3)).toEqual(["Critical: CPU is high on 2 series", "cpu{host=h2} (critical)", "Value: 97.5"]);
  const open = (url: string) => ({ selectAction: { type: "Action.OpenUrl", url } });
  const [, { items }] = body.attachments[0]!.content.body as [object, { items: readonly object[] }];
  expect(items.at(-1)).toMatchObject({
    inlines: [
      { text: "Runbook", ...open("https://wiki.example/cpu") },
      { text: " · " },
      { text: "Dashboard", ...open("https://grafana.example/d/cpu?a=1&b=2") },
    ],
  });
  expect(body.attachments[0]!.content.fallbackText).toBe("Critical: CPU is high on 2 series");
});

test.each([
  ["firing", "Warning"],
  ["resolved", "Good"],
  ["test", "Accent"],
] as const)("what is %s has the colour %s", (kind, color) => {
  const body = renderTeams(notification(kind === "test" ? [] : [alert(1)], { kind }));
  expect(body.attachments[0]!.content.body[0]).toMatchObject({ inlines: [{ color }] });
});

describe("under 28 KB", () => {
  test("500 alerts are as many as fit and the number of the others", () => {
    const body = renderTeams(notification(Array.from({ length: 500 }, (_, n) => alert(n))));
    const shown = texts(body).filter((text) => text.endsWith("(warning)")).length;
    expect(texts(body).at(-1)).toBe(`+${500 - shown} more`);
    expect(teamsFaults(body)).toEqual([]);
    expect(bytes(body)).toBeGreaterThan(27_000);
  });

  test("one alert always fits, whatever is said of it", () => {
    const annotations = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`note${n}`, "語".repeat(1_000)]));
    const series = { ...alert(1).series!, dimensions: { host: "語".repeat(1_000) } };
    const body = renderTeams(notification([alert(1, { annotations, series, ruleName: "語".repeat(100) })]));
    expect(texts(body).length).toBeGreaterThan(5);
    expect(texts(body)).not.toContain("+1 more");
    expect(teamsFaults(body)).toEqual([]);
  });

  test("whatever alerts hold, all of them are shown or counted", () => {
    const text = fc.string({ unit: "binary", maxLength: 700 });
    const hostile = fc.record({ ruleName: text, annotations: fc.dictionary(text, text, { maxKeys: 4 }) });
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 40 }), (changes) => {
        const body = renderTeams(notification(changes.map((one, n) => alert(n, one))));
        const { body: elements } = body.attachments[0]!.content;
        const shown = elements.filter(({ type }) => type === "Container").length;
        const more = Number(/^\+(\d+) more$/.exec(texts(body).at(-1) ?? "")?.[1] ?? 0);
        expect(teamsFaults(body)).toEqual([]);
        expect([shown > 0, shown + more]).toEqual([true, changes.length]);
      }),
      { numRuns: 50 },
    );
  });
});
