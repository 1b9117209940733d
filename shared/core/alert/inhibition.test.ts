import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { inhibitedBy, inhibitedDuring } from "./inhibition.ts";
import type { Labels } from "./policies.ts";

// The cases of Prometheus Alertmanager's inhibit_test.go, TestInhibitRuleHasEqual and TestInhibitRuleMatches, in our words.

const has = (name: string, value: string) => (labels: Labels) => (labels[name] ?? "") === value;
const rule = (equal: readonly string[]) => ({ id: "inh", isSource: has("s", "1"), isTarget: has("t", "1"), equal });

describe("an alert that matches the target", () => {
  test.each<[string, string[], Labels[], Labels, boolean]>([
    ["no source fires", ["a"], [], { t: "1", a: "b" }, false],
    ["no equal labels are asked for, any source will do", [], [{ s: "1", a: "b" }], { t: "1", x: "y" }, true],
    ["the label is the same", ["a"], [{ s: "1", a: "b" }], { t: "1", a: "b" }, true],
    ["the label is another", ["a"], [{ s: "1", a: "b" }], { t: "1", a: "c" }, false],
    ["one of several sources has the same", ["a"], [{ s: "1", a: "x" }, { s: "1", a: "b" }], { t: "1", a: "b" }, true], // prettier-ignore
    ["one label of two is the same", ["a", "b"], [{ s: "1", a: "1", b: "1" }], { t: "1", a: "1", b: "2" }, false],
    ["two sources that have one label each do not add up", ["a", "b"], [{ s: "1", a: "1", b: "9" }, { s: "1", a: "9", b: "2" }], { t: "1", a: "1", b: "2" }, false], // prettier-ignore
    ["the label is missing on both sides", ["a"], [{ s: "1" }], { t: "1" }, true],
    ["it is missing here and empty there", ["a"], [{ s: "1", a: "" }], { t: "1" }, true],
    ["it is missing here and not there", ["a"], [{ s: "1", a: "b" }], { t: "1" }, false],
    ["it is a target no longer", [], [{ s: "1" }], { t: "2" }, false],
    ["both sides match it, and a source that matches one", [], [{ s: "1" }], { s: "1", t: "1" }, true],
    ["both sides match it, and a source that matches both", [], [{ s: "1", t: "1", n: "2" }], { s: "1", t: "1" }, false],
    ["both sides match it, and it is alone", [], [{ s: "1", t: "1" }], { s: "1", t: "1" }, false],
    ["only the source matches both sides", [], [{ s: "1", t: "1" }], { t: "1" }, true],
  ])("%s", (_what, equal, firing, alert, expected) => {
    expect(inhibitedBy(rule(equal), firing)(alert)).toBe(expected);
  });
});

describe("over a time", () => {
  const label = fc.constantFrom("1", "2", "");
  const labels = fc.record({ s: label, t: label, a: label });
  const fired = fc
    .tuple(labels, fc.nat(20), fc.integer({ min: 1, max: 9 }))
    .map(([own, from, length]) => ({ labels: own, from, to: from + length }));

  test("what is hidden at a time is what those that fired then hide, and nothing changes before the end that is given", () => {
    fc.assert(
      fc.property(fc.array(fired, { maxLength: 8 }), labels, fc.nat(30), (all, alert, at) => {
        const firingAt = (time: number) => all.filter(({ from, to }) => from <= time && time < to).map((one) => one.labels);
        const isHidden = (time: number) => inhibitedBy(rule(["a"]), firingAt(time))(alert);
        const { hiddenUntil, windows } = inhibitedDuring(rule(["a"]), all);
        const end = hiddenUntil(alert, at);
        expect(end !== null).toBe(isHidden(at));
        if (end === null) return;
        for (let time = at; time < end; time++) expect(isHidden(time)).toBe(true);
        expect(isHidden(end)).toBe(false);
        expect(windows.some(({ from, to }) => from <= at && end <= to)).toBe(true);
      }),
    );
  });
});
