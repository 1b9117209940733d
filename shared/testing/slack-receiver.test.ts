import { afterEach, describe, expect, test } from "@jest/globals";
import { createGuardedFetch } from "../net/guarded-fetch.ts";
import { slackFaults, startSlackReceiver } from "./slack-receiver.ts";
import type { SlackReceiver } from "./slack-receiver.ts";

const section = (text: string) => ({ type: "section", text: { type: "mrkdwn", text } });
const header = (text: string) => ({ type: "header", text: { type: "plain_text", text, emoji: true } });
const divider = { type: "divider" };
const times = <Item>(n: number, item: Item): Item[] => Array.from({ length: n }, () => item);
const withBlocks = (...blocks: unknown[]) => ({ text: "a", blocks });
const context = { type: "context", elements: [{ type: "mrkdwn", text: "from the demo" }] };
const link = { type: "button", text: { type: "plain_text", text: "Open" }, url: "https://intentvision.example/alerts/alt_1" };
const GOOD = {
  text: "CPU is high",
  blocks: [header("CPU is high"), section("*91 %* of 80 %"), divider, context, { type: "actions", elements: [link] }],
};

describe("over HTTP", () => {
  let receiver: SlackReceiver;
  afterEach(() => receiver.stop());

  const post = (body: string, contentType = "application/json") =>
    createGuardedFetch({ allow: [receiver.host] })(receiver.url, { method: "POST", headers: { "content-type": contentType }, body });

  test("a good message is answered ok and stands in the channel, as often as it comes", async () => {
    receiver = await startSlackReceiver({ now: () => 1_763_632_800_000 });
    for (let i = 0; i < 2; i += 1) {
      await expect(post(JSON.stringify(GOOD), "application/json; charset=utf-8")).resolves.toMatchObject({ status: 200, body: "ok" });
    }
    expect(receiver.messages()).toMatchObject([
      { message: GOOD, faults: [], taken: true, at: 1_763_632_800_000 },
      { message: GOOD, taken: true },
    ]);
  });

  test.each([
    ["not JSON", "{", "application/json", "invalid_payload"],
    ["not said to be JSON", JSON.stringify(GOOD), "text/plain", "invalid_payload"],
    ["without a fallback", JSON.stringify({ blocks: GOOD.blocks }), "application/json", "no_text"],
    ["with too many blocks", JSON.stringify({ text: "a", blocks: times(51, divider) }), "application/json", "invalid_blocks"],
  ])("a message %s is answered 400 with Slack's word for it", async (_what, body, contentType, error) => {
    receiver = await startSlackReceiver();
    await expect(post(body, contentType)).resolves.toMatchObject({ status: 400, body: error });
    expect(receiver.requests()).toMatchObject([{ taken: false, faults: [{ error }] }]);
    expect(receiver.messages()).toEqual([]);
  });

  test("it answers as it is told, and still finds the faults", async () => {
    receiver = await startSlackReceiver();
    receiver.answerNext({ status: 429, headers: { "retry-after": "1" }, body: "rate_limited" });
    receiver.answerNext({ delayMs: 1 });
    await expect(post("{}")).resolves.toMatchObject({ status: 429, body: "rate_limited", headers: { "retry-after": "1" } });
    await expect(post("{}")).resolves.toMatchObject({ status: 200, body: "ok" });
    expect(receiver.requests()).toMatchObject([
      { taken: false, faults: [{ error: "no_text" }] },
      { taken: true, faults: [{ error: "no_text" }] },
    ]);
  });
});

describe("a message at a limit is good, and beyond it is not", () => {
  const fields = (n: number, length = 1) => ({ type: "section", fields: times(n, { type: "mrkdwn", text: "x".repeat(length) }) });
  const four = (each: number) => [
    section("x".repeat(3_000)),
    section("x".repeat(3_000)),
    section("x".repeat(3_000)),
    section("x".repeat(each)),
  ];

  test.each([
    ["50 blocks", withBlocks(...times(50, divider)), withBlocks(...times(51, divider)), "invalid_blocks"],
    ["a header of 150", withBlocks(header("x".repeat(150))), withBlocks(header("x".repeat(151))), "invalid_blocks"],
    ["a header of 150 code points", withBlocks(header("🔥".repeat(150))), withBlocks(header("🔥".repeat(151))), "invalid_blocks"],
    ["a section of 3,000", withBlocks(section("x".repeat(3_000))), withBlocks(section("x".repeat(3_001))), "invalid_blocks"],
    ["a text of 1", withBlocks(section("x")), withBlocks(section("")), "invalid_blocks"],
    ["10 fields", withBlocks(fields(10)), withBlocks(fields(11)), "invalid_blocks"],
    ["a field of 2,000", withBlocks(fields(1, 2_000)), withBlocks(fields(1, 2_001)), "invalid_blocks"],
    ["11,999 in all", withBlocks(...four(2_998)), withBlocks(...four(2_999)), "msg_too_long"],
    ["11,999 in the fallback", { text: "x".repeat(11_999) }, { text: "x".repeat(12_000) }, "msg_too_long"],
  ])("%s", (_what, good, bad, error) => {
    expect(slackFaults(good)).toEqual([]);
    expect(slackFaults(bad)).toMatchObject([{ error }]);
  });
});

describe("a message that Slack does not understand", () => {
  test.each([
    ["no object", [], "invalid_payload", "a POST of a JSON object"],
    ["a blank fallback", { text: "  " }, "no_text", "text"],
    ["blocks that are no list", { text: "a", blocks: {} }, "invalid_blocks", "blocks:"],
    ["an unknown block", { text: "a", blocks: [{ type: "chart" }] }, "invalid_blocks", "blocks.0.type"],
    [
      "markup in a header",
      { text: "a", blocks: [{ type: "header", text: { type: "mrkdwn", text: "a" } }] },
      "invalid_blocks",
      "blocks.0.text.type",
    ],
    ["an unknown field", { text: "a", blocks: [divider, { ...divider, imageUrl: "" }] }, "invalid_blocks", "blocks.1.imageUrl"],
    ["an empty section", { text: "a", blocks: [{ type: "section" }] }, "invalid_blocks", "blocks.0: text or fields"],
    ["an empty context", { text: "a", blocks: [{ type: "context", elements: [] }] }, "invalid_blocks", "blocks.0.elements"],
  ])("%s", (_what, message, error, where) => {
    expect(slackFaults(message)[0]).toMatchObject({ error, detail: expect.stringContaining(where) });
  });
});
