import { describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import type { InstanceId } from "../../contract/ids.ts";
import { MissingDataCondition } from "../../contract/rule.ts";
import { hashId } from "../hash-id.ts";
import { evaluateMissingData } from "./missing-data.ts";
import type { MissingDataContext } from "./missing-data.ts";
import { newInstance, step } from "./step.ts";

const MINUTE = 60_000;
const condition = (changes: v.InferInput<typeof MissingDataCondition> = {}) => v.parse(MissingDataCondition, changes);
const context = (changes: Partial<MissingDataContext> = {}): MissingDataContext => ({
  at: 100 * MINUTE,
  interval: MINUTE,
  cadence: 5 * MINUTE,
  lastPointAt: null,
  requiredSince: null,
  ...changes,
});
const minutesAgo = (minutes: number) => (100 - minutes) * MINUTE;

describe("silence", () => {
  test.each<[string, object, Partial<MissingDataContext>, string]>([
    ["of three cadences is not yet too long", {}, { lastPointAt: minutesAgo(15) }, "false"],
    ["of a moment more is", {}, { lastPointAt: minutesAgo(15) - 1 }, "true"],
    ["is measured by the expected interval where one is said", { expectedInterval: "1m" }, { lastPointAt: minutesAgo(3.1) }, "true"],
    [
      "is measured by it too where no cadence is learned",
      { expectedInterval: "1m" },
      { lastPointAt: minutesAgo(2), cadence: null },
      "false",
    ],
    ["counts by the grace", { grace: 1 }, { lastPointAt: minutesAgo(5.1) }, "true"],
    ["may be forgiven in parts", { grace: 1.5 }, { lastPointAt: minutesAgo(7.5) }, "false"],
    ["says nothing while no cadence is known", {}, { lastPointAt: minutesAgo(90), cadence: null }, "not_due"],
    ["says nothing of a series that was never seen", {}, {}, "not_due"],
    ["of a required series counts from when it was required", {}, { requiredSince: minutesAgo(16) }, "true"],
    ["of a required series begins then", {}, { requiredSince: minutesAgo(15) }, "false"],
    ["of a required series without a cadence is measured by the interval", {}, { requiredSince: minutesAgo(4), cadence: null }, "true"],
    ["of a required series that was seen counts from its last point", {}, { requiredSince: 0, lastPointAt: minutesAgo(1) }, "false"],
  ])("%s", (_, changes, known, outcome) => {
    expect(evaluateMissingData(condition(changes), context(known)).outcome).toBe(outcome);
  });
});

test.each([
  ["when it was last seen", { lastPointAt: minutesAgo(20) }, minutesAgo(20), 20],
  ["that it was never seen, and since when it was to be", { requiredSince: minutesAgo(40) }, null, 40],
])("the alert says %s, and how long ago that is", (_, known, lastSeenAt, minutes) => {
  expect(evaluateMissingData(condition(), context(known))).toEqual({
    at: 100 * MINUTE,
    outcome: "true",
    value: minutes * 60,
    evidence: { kind: "missing-data", lastSeenAt, duration: minutes * MINUTE, expectedInterval: 5 * MINUTE, grace: 3 },
  });
});

test("the first point that arrives resolves it", () => {
  let instance = newInstance(hashId<InstanceId>("ins", [1]), "warning");
  const states = [
    [10, 0],
    [15, 0],
    [16, 0],
    [40, 0],
    [41, 41],
  ].map(([minute, lastPoint]) => {
    const known = context({ at: minute! * MINUTE, lastPointAt: lastPoint! * MINUTE });
    const evaluation = evaluateMissingData(condition(), known);
    ({ instance } = step(instance, { for: 0, keepFiringFor: 0, noData: "keep_last", severity: "warning", interval: 60_000 }, evaluation));
    return instance.state;
  });
  expect(states).toEqual(["inactive", "inactive", "firing", "firing", "inactive"]);
});
