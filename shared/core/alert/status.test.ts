import { expect, test } from "@jest/globals";
import type { AlertStatus, ConditionState } from "../../contract/alert.ts";
import type { InstanceId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { alertId } from "./keys.ts";
import { alertStatus } from "./status.ts";
import type { Episode } from "./step.ts";

const open: Episode = {
  id: alertId(hashId<InstanceId>("ins", [1]), 100),
  pendingAt: 100,
  startedAt: 100,
  severity: "warning",
  value: 95,
  firingValue: 95,
  evidence: {},
  acknowledged: null,
  resolvedAt: null,
  reason: null,
};
const by = { kind: "key", id: "key_1" } as const;
const taken: Episode = { ...open, acknowledged: { by, at: 110, until: null } };
const until = (end: number): Episode => ({ ...open, acknowledged: { by, at: 110, until: end } });
const ended: Episode = { ...taken, resolvedAt: 150, reason: "recovered" };

test.each<[string, ConditionState, Episode | null, string[], AlertStatus | null]>([
  ["an inactive instance is no alert", "inactive", null, [], null],
  ["an inactive instance is none under a silence either", "inactive", null, ["silence"], null],
  ["an instance that has not fired is pending", "pending", null, [], "pending"],
  ["an open episode is firing", "firing", open, [], "firing"],
  ["a recovering one still is", "recovering", open, [], "firing"],
  ["an acknowledgement without an end counts", "firing", taken, [], "acknowledged"],
  ["an acknowledgement counts before its end", "firing", until(201), [], "acknowledged"],
  ["but not at it", "firing", until(200), [], "firing"],
  ["suppression goes before acknowledgement", "firing", taken, ["silence"], "suppressed"],
  ["suppression goes before pending", "pending", null, ["silence"], "suppressed"],
  ["the end goes before everything", "inactive", ended, ["silence"], "resolved"],
  ["also where its instance is armed again", "pending", ended, [], "resolved"],
])("%s", (_name, condition, episode, suppressedBy, expected) => {
  expect(alertStatus({ condition, episode, suppressedBy }, 200)).toBe(expected);
});
