import { describe, expect, test } from "@jest/globals";
import type { Alert, Evidence, Related } from "../../contract/alert.ts";
import type { AlertId, GroupId, InstanceId, RuleId, SeriesId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { alertMessage, plainMessage } from "./alert-message.ts";
import type { Notification } from "./alert-message.ts";

const threshold: Evidence = {
  kind: "threshold",
  aggregate: "avg",
  window: 300_000,
  operator: "gt",
  threshold: 90,
  recover: 80,
  value: 95.25,
  points: 5,
  lastPointAt: 0,
};
const alert = (name: string, changes: Partial<Alert> = {}): Alert => ({
  id: hashId<AlertId>("alt", [name]),
  instanceId: hashId<InstanceId>("ins", [name]),
  ruleId: hashId<RuleId>("rul", ["cpu"]),
  ruleName: "CPU is high",
  series: { id: hashId<SeriesId>("ser", [name]), metricKey: "cpu", dimensions: { host: name, region: "eu" } },
  status: "firing",
  condition: "firing",
  severity: "warning",
  pendingAt: "2026-11-20T09:55:00.000Z",
  startedAt: "2026-11-20T10:00:00.000Z",
  resolvedAt: null,
  reason: null,
  value: 97.5,
  acknowledgedBy: null,
  acknowledgedUntil: null,
  notificationCount: 0,
  lastNotifiedAt: null,
  suppressedBy: [],
  labels: { team: "infra" },
  annotations: { runbook_url: "https://wiki.example/cpu" },
  evidence: threshold,
  ...changes,
});
const notification = (alerts: readonly Alert[], changes: Partial<Notification> = {}): Notification => ({
  kind: "firing",
  reason: "first",
  at: Date.UTC(2026, 10, 20, 10, 5),
  groupKey: hashId<GroupId>("grp", [1]),
  alerts,
  ...changes,
});
const resolved = (changes: Partial<Alert> = {}) =>
  alert("a", { status: "resolved", resolvedAt: "2026-11-20T10:12:00.000Z", reason: "recovered", value: 71, ...changes });

const before = (days: number, duration: string | null) => ({
  id: hashId<AlertId>("alt", [days]),
  startedAt: new Date(Date.UTC(2026, 10, 20 - days, 10)).toISOString(),
  duration,
});

describe("a message about one alert", () => {
  test("firing: it names the rule and the series, the value, since when, what was compared, and where to look", () => {
    const one = alert("a");
    expect(plainMessage(alertMessage(notification([one])), 10)).toEqual([
      "Warning: CPU is high on cpu{host=a, region=eu}",
      "  Value: 97.5",
      "  Firing since 2026-11-20 10:00:00 UTC (5 min)",
      "  avg over 5m: 95.25 (alerts above 90, recovers at 80)",
      "  labels: team=infra",
      "  Runbook: https://wiki.example/cpu",
    ]);
  });

  test.each<[string, Related["earlier"], string]>([
    ["nothing", { ofInstance: 0, ofRule: 0, newest: [] }, "No alert like it in the 30 days before"],
    ["others of the rule", { ofInstance: 0, ofRule: 7, newest: [] }, "First of this series in the 30 days before, 7 of the rule"],
    [
      "one that is open",
      { ofInstance: 1, ofRule: 1, newest: [before(1, null)] },
      "Fired once in the 30 days before: 2026-11-19 10:00:00 UTC",
    ],
    [
      "more than are named",
      { ofInstance: 4, ofRule: 9, newest: [before(1, "90m"), before(2, "45s"), before(3, "1d")] },
      "Fired 4 times in the 30 days before: 2026-11-19 10:00:00 UTC for 1 h 30 min, 2026-11-18 10:00:00 UTC for 45 s, 2026-11-17 10:00:00 UTC for 1 d, …",
    ],
  ])("it says what was before it: %s", (_, earlier, line) => {
    const lines = (kind: "firing" | "resolved") =>
      alertMessage(notification([alert("a", { related: { earlier, firing: null } })], { kind })).alerts[0]!.lines;
    expect(lines("firing")).toContain(line);
    expect(lines("resolved")).not.toContain(line);
  });

  test("resolved: it gives the current value, the value when it fired and how long it fired", () => {
    const message = alertMessage(notification([resolved()], { kind: "resolved", reason: "all resolved" }));
    expect(message.title).toBe("Resolved: CPU is high on cpu{host=a, region=eu}");
    expect(message.alerts[0]!.lines.slice(0, 2)).toEqual(["Value: 71, was 95.25 when it fired", "Fired for 12 min"]);
  });

  test("resolved: the value when it fired is not that at which its severity was raised", () => {
    const [text] = alertMessage(notification([resolved({ firingValue: 91 })], { kind: "resolved", reason: "all resolved" })).alerts;
    expect(text!.lines[0]).toBe("Value: 71, was 91 when it fired");
  });

  test.each(["manual", "rule_deleted", "rule_disabled", "expired", "corrected", "no_data_ok"])(
    "an end that is no recovery (%s) says so",
    (reason) => {
      const { alerts } = alertMessage(notification([resolved({ reason })], { kind: "resolved" }));
      expect(alerts[0]!.lines[2]).toMatch(/^(Resolved by hand|Ended because)/);
    },
  );

  test.each(["repeat", "suppression ended"] as const)(
    "a message because of %s says that it still fires, and who has taken it on",
    (reason) => {
      const taken = alert("a", { severity: "critical", acknowledgedBy: { kind: "key", id: "key_1", name: "Ada" } });
      const message = alertMessage(notification([taken], { reason }));
      expect(message.title).toBe("Critical, still firing: CPU is high on cpu{host=a, region=eu}");
      expect(message.alerts[0]!.lines).toContain("Acknowledged by Ada");
    },
  );

  test("a message that an alert flaps says how often it changed, and that nothing more is told for now, also where it does not fire", () => {
    const evidence = { flapping: { changes: 4, overMs: 7 * 60_000 } };
    const flapping = { reason: "flapping" } as const;
    const { title, alerts } = alertMessage(notification([alert("a", { evidence })], flapping));
    expect(title).toBe("Warning, flapping: CPU is high on cpu{host=a, region=eu}");
    expect(alerts[0]!.lines[0]).toBe("Is flapping: 4 changes in 7 min; further changes are not told until it is calm");
    const ended = alertMessage(notification([resolved({ evidence })], flapping)).alerts[0]!.lines;
    expect(ended.slice(1).join()).toMatch(/^Value: 71,Fired for 12 min/);
  });

  test("a series without dimensions is its metric", () => {
    const bare = alert("a", { series: { id: hashId<SeriesId>("ser", [1]), metricKey: "load", dimensions: {} } });
    expect(alertMessage(notification([bare])).alerts[0]).toMatchObject({ series: "load" });
  });

  test("names and annotations cannot break a line or drive a terminal", () => {
    const evil = alert("a\u001b[2J", { ruleName: "x\ny", annotations: { note: "one\r\ntwo" } });
    for (const line of plainMessage(alertMessage(notification([evil])), 10)) expect(line).not.toMatch(/\p{Cc}/u);
  });
});

test("what the alerts of a rule share is said once, where there are several", () => {
  const related = (alerts: number): Related => ({
    earlier: { ofInstance: 0, ofRule: 0, newest: [] },
    firing: { alerts, dimensions: [{ name: "region", value: "eu", alerts: 4 }] },
  });
  const others = { ruleId: hashId<RuleId>("rul", ["other"]), related: related(2) };
  const told = [alert("a", { related: related(5) }), alert("b", { related: related(5) }), alert("c", others)];
  const lines = alertMessage(notification(told)).alerts.map((one) => one.lines.filter((line) => line.includes("most with")));
  expect(lines).toEqual([["5 alerts of this rule fire, most with region=eu (4)"], [], []]);
});

const lines = (evidence: Evidence) => {
  const plain = alert("a", { value: null, startedAt: null, labels: {}, annotations: {}, evidence });
  return alertMessage(notification([plain])).alerts[0]!.lines;
};

describe("evidence", () => {
  test("of an anomaly: its explanation, its severity and its score", () => {
    const explanation = "150 is 50 (50%) above the expected 100 (90 to 110).";
    const methods = { residual: { score: 0.9, weight: 1 } };
    const anomaly = { kind: "anomaly", value: 150, expected: 100, score: 0.93, severity: "high", direction: "above", methods, explanation };
    expect(lines(anomaly)).toEqual([explanation, "high anomaly above, score 0.93"]);
    expect(lines({ ...anomaly, score: null })).toEqual([explanation]);
  });

  test("of an anomaly from before explanations: the value, what was expected, the band, how rare it is, and which methods found it", () => {
    const methods = { flatline: { score: 0.1, weight: 1 }, residual: { score: 0.9, weight: 1 }, none: { score: 0, weight: 1 } };
    expect(
      lines({
        kind: "anomaly",
        value: 150,
        expected: 100,
        lo: 90,
        hi: 110,
        score: 0.93,
        severity: "high",
        direction: "above",
        daysPerFalseAlarm: 186,
        methods,
      }),
    ).toEqual([
      "150, expected 100 (90 to 110)",
      "high anomaly above, score 0.93, as rare as once in 186 days",
      "found by residual (0.9), flatline (0.1)",
    ]);
  });

  test("of absent data: that there are none", () => {
    expect(lines({ kind: "no_data", missed: 3 })).toEqual(["No data: points were due and none came."]);
  });

  test.each<[string, Evidence]>([
    ["nothing", {}],
    ["a kind of its own", { kind: "toString" }],
    ["a threshold without numbers", { kind: "threshold", value: "95", operator: "gt" }],
    ["an anomaly without numbers", { kind: "anomaly", value: null, methods: { residual: null } }],
  ])("that is %s says nothing and breaks nothing", (_name, evidence) => {
    expect(lines(evidence)).toEqual([]);
  });
});

describe("a message about several alerts", () => {
  test("critical ones come first, then the oldest", () => {
    const alerts = [
      alert("late", { startedAt: "2026-11-20T10:03:00.000Z" }),
      alert("early", { startedAt: "2026-11-20T10:01:00.000Z" }),
      alert("critical", { severity: "critical", startedAt: "2026-11-20T10:04:00.000Z" }),
    ];
    const message = alertMessage(notification(alerts));
    expect(message.title).toBe("Critical: CPU is high on 3 series");
    expect(message.alerts.map(({ series }) => series)).toEqual([
      "cpu{host=critical, region=eu}",
      "cpu{host=early, region=eu}",
      "cpu{host=late, region=eu}",
    ]);
  });

  test("of several rules it says how many", () => {
    const other = alert("b", { ruleId: hashId<RuleId>("rul", ["disk"]), ruleName: "Disk is full" });
    expect(alertMessage(notification([alert("a"), other])).title).toBe("Warning: 2 alerts of 2 rules");
  });

  test("plain text names each series and counts those that it leaves out", () => {
    const lines = plainMessage(alertMessage(notification(Array.from({ length: 12 }, (_, n) => alert(`h${n}`)))), 10);
    expect(lines.filter((line) => line.startsWith("cpu{"))).toHaveLength(10);
    expect(lines.at(-1)).toBe("+2 more");
  });
});

test("a test message says that it is one", () => {
  const message = alertMessage(notification([], { kind: "test", reason: null, groupKey: null }));
  expect(plainMessage(message, 10)).toEqual(["Test message from IntentVision: this channel works"]);
});
