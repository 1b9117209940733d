import { describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import { InhibitionDefinition, MuteWindowDefinition, SilenceRequest } from "../../contract/alert-policy.ts";
import type { AnyPolicy } from "./compile-policies.ts";
import { compilePolicies, flawOf } from "./compile-policies.ts";
import type { Labels } from "./policies.ts";
import { NO_POLICIES, suppresses } from "./policies.ts";
import { expireAt, silenceState } from "./silences.ts";
import { suppressionAt } from "./suppression.ts";

const NOON = Date.parse("2026-11-20T12:00:00Z");
const HOUR = 3_600_000;
const is = (name: string, value: string, op = "=") => ({ name, op, value });

const silence = (changes: object = {}): AnyPolicy => {
  const said = { matchers: [is("team", "db")], author: "Ada", reason: "Works", startsAt: NOON, endsAt: NOON + HOUR, ...changes };
  const definition = v.parse(SilenceRequest, said);
  return { kind: "silence", definition: { ...definition, startsAt: definition.startsAt! } };
};
const lunch = (changes: object = {}): AnyPolicy => ({
  kind: "mute-window",
  definition: v.parse(MuteWindowDefinition, { name: "Lunch", timezone: "UTC", start: "12:00", end: "14:00", ...changes }),
});
const inhibition = (changes: object = {}): AnyPolicy => ({
  kind: "inhibition",
  definition: v.parse(InhibitionDefinition, {
    name: "A cluster that is down says it all",
    source: [is("rule", "Cluster is down")],
    target: [is("severity", "warning")],
    equal: ["cluster"],
    ...changes,
  }),
});

const down: Labels = { rule: "Cluster is down", severity: "critical", cluster: "one" };
const slow: Labels = { rule: "Slow", severity: "warning", cluster: "one", team: "db" };
const policies = (...list: AnyPolicy[]) => compilePolicies(list.map((policy, n) => ({ id: `id${n}`, ...policy })));
const hidden = (list: AnyPolicy[], alert: Labels, now: number, firing: Labels[] = []) =>
  suppressionAt(policies(...list), firing, now)(alert);

describe("what hides an alert", () => {
  test.each<[string, AnyPolicy[], Labels, number, string[], number | null]>([
    ["nothing", [], slow, NOON, [], null],
    ["a silence, from its start", [silence()], slow, NOON, ["silence:id0"], NOON + HOUR],
    ["not before", [silence()], slow, NOON - 1, [], null],
    ["not from its end on", [silence()], slow, NOON + HOUR, [], null],
    ["not what it does not match", [silence()], down, NOON, [], null],
    ["all matchers have to match", [silence({ matchers: [is("team", "db"), is("cluster", "t.*", "=~")] })], slow, NOON, [], null],
    ["a mute window of every alert", [lunch()], down, NOON, ["mute-window:id0"], NOON + 2 * HOUR],
    ["of those that match", [lunch({ matchers: [is("team", "db")] })], down, NOON, [], null],
    ["not one that is off", [lunch({ enabled: false })], down, NOON, [], null],
    ["an inhibition, as long as its source fires", [inhibition()], slow, NOON, ["inhibition:id0"], null],
    ["not of another cluster", [inhibition()], { ...slow, cluster: "two" }, NOON, [], null],
    ["not one that is off", [inhibition({ enabled: false })], slow, NOON, [], null],
    ["several: until the last ends", [silence(), lunch()], slow, NOON, ["mute-window:id1", "silence:id0"], NOON + 2 * HOUR],
    ["with one whose end nobody knows", [silence(), inhibition()], slow, NOON, ["inhibition:id1", "silence:id0"], null],
  ])("%s", (_what, list, alert, now, by, until) => {
    expect(hidden(list, alert, now, [down, slow])).toEqual({ by, until });
  });

  test("a source that is silenced itself still inhibits, and one that has ended does not", () => {
    const list = [silence({ matchers: [is("severity", ".*", "=~")] }), inhibition()];
    expect(hidden(list, slow, NOON, [down, slow]).by).toEqual(["inhibition:id1", "silence:id0"]);
    expect(hidden(list, slow, NOON, [slow]).by).toEqual(["silence:id0"]);
  });

  test("where nothing is said, nothing can be hidden", () => {
    expect(suppresses(NO_POLICIES)).toBe(false);
    expect([silence(), lunch(), inhibition()].map((policy) => suppresses(policies(policy)))).toEqual([true, true, true]);
    expect(suppresses(policies(lunch({ enabled: false })))).toBe(false);
  });
});

describe("a silence", () => {
  test("is pending, active and expired in turn", () => {
    const times = { startsAt: NOON, endsAt: NOON + 1 };
    expect([-1, 0, 1].map((n) => silenceState(times, NOON + n))).toEqual(["pending", "active", "expired"]);
  });

  test("ended early is expired from then on, also if it had not begun", () => {
    const policy = silence();
    if (policy.kind !== "silence") throw new Error("no silence");
    expect(expireAt(policy.definition, NOON + 5)).toMatchObject({ startsAt: NOON, endsAt: NOON + 5 });
    const early = expireAt(policy.definition, NOON - 5);
    expect([NOON - 6, NOON - 5, NOON].map((now) => silenceState(early, now))).toEqual(["pending", "expired", "expired"]);
  });

  test.each([
    ["no matcher", { matchers: [] }],
    ["no author", { author: undefined }],
    ["no reason", { reason: " " }],
    ["no end", { endsAt: undefined }],
  ])("%s: it is refused", (_what, changes) => {
    const whole = { matchers: [is("team", "db")], author: "Ada", reason: "Works", endsAt: NOON, ...changes };
    expect(v.safeParse(SilenceRequest, whole).success).toBe(false);
  });
});

test.each<[string, AnyPolicy, string | undefined]>([
  ["a silence", silence({ matchers: [is("a", "b"), is("a", "(", "=~")] }), "matchers[1].value"],
  ["a mute window", lunch({ matchers: [is("a", "[", "!~")] }), "matchers[0].value"],
  ["an inhibition", inhibition({ target: [is("a", "(?=x)", "=~")] }), "target[0].value"],
  ["one that is sound", inhibition(), undefined],
])("a pattern that RE2 does not take is found, with where it is: %s", (_what, policy, path) => {
  expect(flawOf(policy)?.path).toBe(path);
});
