import { expect, test } from "@jest/globals";
import { notification } from "./notifications.ts";
import { renderTeams } from "../core/message/teams.ts";
import { teamsFaults } from "./teams-receiver.ts";

const good = renderTeams(notification([]));
const card = good.attachments[0]!.content;
const withCard = (changes: object) => ({ ...good, attachments: [{ ...good.attachments[0]!, content: { ...card, ...changes } }] });
const withText = (text: unknown) => withCard({ body: [{ type: "RichTextBlock", inlines: [{ type: "TextRun", text }] }] });

test("a card is taken up to 28 KB", () => {
  expect(teamsFaults(good)).toEqual([]);
  expect(teamsFaults(withText("x".repeat(28_000)))).toEqual([]);
});

test.each<[string, unknown]>([
  ["28 KB", withText("x".repeat(28_672))],
  ["what is no JSON", null],
  ["a bare card", card],
  ["two cards", { ...good, attachments: [...good.attachments, ...good.attachments] }],
  ["a card of a version that Teams does not know", withCard({ version: "1.6" })],
  ["no body", withCard({ body: [] })],
  ["an element that there is none of", withCard({ body: [{ type: "Markdown", text: "x" }] })],
  ["a text that is none", withText(1)],
  ["an empty text", withText("")],
  ["a member that elements do not have", withCard({ body: [{ type: "RichTextBlock", inlines: [], text: "x" }] })],
])("refused is %s", (_what, message) => {
  expect(teamsFaults(message)).not.toEqual([]);
});
