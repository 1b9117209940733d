import { describe, expect, test } from "@jest/globals";
import { faultsOf } from "./aliveness.ts";
import type { Signs } from "./aliveness.ts";

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;
const WELL: Signs = { rules: [], unscoredSince: null, unpublishedSince: null, stuck: { deliveries: false, groups: false } };
const rule = (minutesAgo: number | null, more: object = {}) => ({
  kind: "threshold" as const,
  interval: MINUTE,
  evalDelay: MINUTE,
  updatedAt: 0,
  lastEvaluatedAt: minutesAgo === null ? null : NOW - minutesAgo * MINUTE,
  ...more,
});

describe("all is well while", () => {
  test.each<[string, Partial<Signs>]>([
    ["there is nothing to do", {}],
    ["rules were evaluated three intervals and their delay ago", { rules: [rule(4)] }],
    ["a rule has never had a series", { rules: [rule(null)] }],
    ["a rule was enabled a moment ago", { rules: [rule(600, { updatedAt: NOW - MINUTE })] }],
    ["a rule of slow data waits for its hour", { rules: [rule(180, { interval: 60 * MINUTE })] }],
    ["anomaly rules have had no anomaly for days", { rules: [rule(900, { kind: "anomaly" })] }],
    ["points came in five minutes ago", { unscoredSince: NOW - 5 * MINUTE }],
    ["an event happened five minutes ago", { unpublishedSince: NOW - 5 * MINUTE }],
  ])("%s", (_what, signs) => {
    expect(faultsOf({ ...WELL, ...signs }, NOW)).toEqual([]);
  });
});

describe("something is wrong when", () => {
  test.each<[string, Partial<Signs>, RegExp]>([
    ["one rule of several is late", { rules: [rule(1), rule(4.001)] }, /^evaluation: 1 of 2 rules/],
    ["points are not scored", { unscoredSince: NOW - 5 * MINUTE - 1 }, /^detection/],
    ["events are not handed on", { unpublishedSince: NOW - 5 * MINUTE - 1 }, /^events/],
    ["groups are not flushed", { stuck: { deliveries: false, groups: true } }, /^delivery: alerts/],
    ["messages are not sent", { stuck: { deliveries: true, groups: false } }, /^delivery: messages/],
  ])("%s", (_what, signs, fault) => {
    expect(faultsOf({ ...WELL, ...signs }, NOW)).toEqual([expect.stringMatching(fault)]);
  });
});
