import { expect, test } from "@jest/globals";
import type { ChannelKind } from "../../contract/channel.ts";
import type { ChannelId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { classifyResponse, nextAttemptAt } from "./retry.ts";
import type { ResponseClass } from "./retry.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const channel = (kind: string, fallback: ChannelId | null = null) => ({ kind, fallback });
const delays = (of: ReturnType<typeof channel>) =>
  Array.from({ length: 9 }, (_, attempts) => nextAttemptAt(of, attempts, 1_000_000, 0, null)).map((at) => at && at - 1_000_000);

test.each([
  ["a paging channel", channel("pagerduty")],
  ["one that has a fallback, which is to be told in minutes,", channel("webhook", hashId<ChannelId>("chn", [1]))],
])("%s is tried at once, then after 5, 15, 30 and 60 seconds, and then no more", (_, of) => {
  expect(delays(of)).toEqual([0, 5 * SECOND, 15 * SECOND, 30 * SECOND, 60 * SECOND, null, null, null, null]);
});

test.each(["webhook", "slack", "inbox", "console"])("%s is tried seven times over seventeen hours and a half", (kind) => {
  expect(delays(channel(kind))).toEqual([0, 5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, null, null]);
});

test("jitter only puts an attempt off, by a fifth at most", () => {
  expect(nextAttemptAt(channel("webhook"), 2, 0, 1, null)).toBe(6 * MINUTE);
  expect(nextAttemptAt(channel("webhook"), 2, 0, 0.5, null)).toBe(5.5 * MINUTE);
  expect(nextAttemptAt(channel("webhook"), 0, 7, 1, null)).toBe(7);
});

test("Retry-After puts an attempt off, never forward, never by more than a day or, of what is to get through in minutes, a minute, and saves no dead message", () => {
  expect(nextAttemptAt(channel("webhook"), 1, 0, 0, 90 * SECOND)).toBe(90 * SECOND);
  expect(nextAttemptAt(channel("webhook"), 3, 0, 0, 90 * SECOND)).toBe(30 * MINUTE);
  expect(nextAttemptAt(channel("webhook"), 1, 0, 0, 400 * 24 * HOUR)).toBe(24 * HOUR);
  expect(nextAttemptAt(channel("webhook"), 7, 0, 0, 90 * SECOND)).toBeNull();
  expect(nextAttemptAt(channel("pagerduty"), 1, 0, 0, HOUR)).toBe(MINUTE);
});

test.each<[ChannelKind, number | null, string, ResponseClass]>([
  ["webhook", 200, "", "delivered"],
  ["webhook", 204, "", "delivered"],
  ["webhook", 299, "whatever", "delivered"],
  ["webhook", 301, "", "retry"],
  ["webhook", 307, "", "retry"],
  ["webhook", 400, "", "final"],
  ["webhook", 401, "", "final"],
  ["webhook", 404, "", "final"],
  ["webhook", 408, "", "retry"],
  ["webhook", 410, "", "gone"],
  ["webhook", 425, "", "retry"],
  ["webhook", 429, "", "retry"],
  ["webhook", 500, "", "retry"],
  ["webhook", 503, "", "retry"],
  ["webhook", null, "", "retry"],
  ["slack", 200, "ok", "delivered"],
  ["slack", 200, "ok\n", "delivered"],
  ["slack", 200, "", "retry"],
  ["slack", 200, "<html>Sign in</html>", "retry"],
  ["slack", 400, "invalid_blocks", "final"],
  ["slack", 404, "channel_not_found", "final"],
  ["slack", 410, "channel_is_archived", "gone"],
  ["slack", 429, "rate_limited", "retry"],
])("%s answering %s with %j means %s", (kind, status, body, expected) => {
  expect(classifyResponse(kind, status, body)).toBe(expected);
});
