import { describe, expect, test } from "@jest/globals";
import { faultsOf } from "./aliveness.ts";
import type { Signs } from "./aliveness.ts";

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;
const WELL: Signs = { unevaluatedSince: null, unscoredSince: null, unpublishedSince: null, stuck: { deliveries: false, groups: false } };

describe("all is well while", () => {
  test.each<[string, Partial<Signs>]>([
    ["there is nothing to do", {}],
    ["an evaluation fell due five minutes ago", { unevaluatedSince: NOW - 5 * MINUTE }],
    ["points came in five minutes ago", { unscoredSince: NOW - 5 * MINUTE }],
    ["an event happened five minutes ago", { unpublishedSince: NOW - 5 * MINUTE }],
  ])("%s", (_what, signs) => {
    expect(faultsOf({ ...WELL, ...signs }, NOW)).toEqual([]);
  });
});

describe("something is wrong when", () => {
  test.each<[string, Partial<Signs>, RegExp]>([
    ["rules are not evaluated", { unevaluatedSince: NOW - 5 * MINUTE - 1 }, /^evaluation/],
    ["points are not scored", { unscoredSince: NOW - 5 * MINUTE - 1 }, /^detection/],
    ["events are not handed on", { unpublishedSince: NOW - 5 * MINUTE - 1 }, /^events/],
    ["groups are not flushed", { stuck: { deliveries: false, groups: true } }, /^delivery: alerts/],
    ["messages are not sent", { stuck: { deliveries: true, groups: false } }, /^delivery: messages/],
  ])("%s", (_what, signs, fault) => {
    expect(faultsOf({ ...WELL, ...signs }, NOW)).toEqual([expect.stringMatching(fault)]);
  });
});
