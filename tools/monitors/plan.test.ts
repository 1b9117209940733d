import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { hashId } from "../../shared/core/hash-id.ts";
import type { Kind, Members } from "./kinds.ts";
import { planMonitors } from "./plan.ts";
import type { Known } from "./plan.ts";
import { presentOf } from "./present.ts";
import { readFiles } from "./read.ts";
import { namesOf, stepLines, summaryLines } from "./report.ts";

const THRESHOLD = { kind: "threshold", selector: { metricKey: "cpu" }, condition: { operator: "gt", value: 90 } };
const idOf = (prefix: "rul" | "chn" | "mwn", name: string) => hashId<string>(prefix, [name]);
const channel = (name: string, changes: Members = {}): { kind: Kind; answer: Members } => ({
  kind: "channel",
  answer: {
    id: idOf("chn", name),
    name,
    kind: "inbox",
    config: {},
    enabled: true,
    disabledReason: null,
    fallback: null,
    stormLimit: 10_000,
    ...changes,
  },
});
const rule = (name: string, changes: Members = {}): { kind: Kind; answer: Members } => ({
  kind: "rule",
  answer: { id: idOf("rul", name), version: 1, name, ...THRESHOLD, ...changes },
});
const composite = (name: string, ...rules: readonly string[]) => ({ name, kind: "composite", condition: { all: rules } });
/** A composite rule as it is answered. */
const both = (name: string, child: string): { kind: Kind; answer: Members } => ({
  kind: "rule",
  answer: { id: idOf("rul", name), version: 1, ...composite(name, idOf("rul", child)) },
});
const wantedOf = (content: object) => readFiles([{ path: "m.yaml", text: JSON.stringify(content, null, 1) }], {});
const known = (present: Parameters<typeof presentOf>[0], more: Partial<Known> = {}): Known => ({
  present: presentOf(present),
  configChanges: new Map(),
  prune: false,
  ...more,
});
function planned(content: object, present: Parameters<typeof presentOf>[0], more: Partial<Known> = {}) {
  const wanted = wantedOf(content);
  const of = known(present, more);
  const plan = planMonitors(wanted, of);
  const names = namesOf(wanted, of.present);
  return { lines: plan.steps.flatMap((step) => stepLines(step, names)), kept: plan.kept.map(({ name }) => name), plan };
}

describe("a plan", () => {
  test("is empty where all is so already, however it is written", () => {
    const content = {
      channels: [{ name: "A", kind: "inbox" }],
      rules: [{ name: "R", ...THRESHOLD, for: "300s" }, composite("C", "R")],
    };
    const present = [channel("A"), rule("R", { for: "5m" }), both("C", "R")];
    const { lines, plan } = planned(content, present);
    expect(lines).toEqual([]);
    expect(summaryLines(plan, false)).toEqual(["Everything is as the directory says."]);
  });

  test("makes what is referred to first", () => {
    const content = {
      rules: [composite("C", "B", "A"), composite("B", "A"), { name: "A", ...THRESHOLD }],
      routes: { channels: ["X"] },
      channels: [
        { name: "X", kind: "inbox", fallback: "Y" },
        { name: "Y", kind: "inbox" },
      ],
    };
    expect(planned(content, [{ kind: "routes", answer: { version: 0, routes: [] } }]).lines).toEqual([
      '+ channel "Y"',
      '+ channel "X"',
      "~ tree of routes",
      '    channels: now ["X"]',
      '+ rule "A"',
      '+ rule "B"',
      '+ rule "C"',
    ]);
  });

  test("says of each member what it was and will be, and of what cannot be read only that it changes", () => {
    const content = {
      channels: [{ name: "A", kind: "console" }],
      rules: [{ name: "R", ...THRESHOLD, for: "10m", labels: { team: "db" } }],
    };
    const configChanges = new Map([[idOf("chn", "A"), ["config.url"]]]);
    expect(planned(content, [channel("A"), rule("R", { for: "5m" })], { configChanges }).lines).toEqual([
      '~ channel "A"',
      '    kind: "inbox" -> "console"',
      "    config.url: another value, which is not shown",
      '~ rule "R"',
      "    for: 5m -> 10m",
      '    labels.team: now "db"',
    ]);
  });

  test("leaves alone what the directory does not have, or deletes it, what refers to others first", () => {
    const present = [channel("A"), channel("B", { fallback: idOf("chn", "A") }), rule("R"), both("C", "R")];
    expect(planned({}, present)).toMatchObject({ lines: [], kept: ["A", "B", "R", "C"] });
    expect(planned({}, present, { prune: true })).toMatchObject({
      lines: ['- rule "C"', '- rule "R"', '- channel "B"', '- channel "A"'],
      kept: [],
    });
  });

  test("takes the oldest of those of one name, and has the others deleted", () => {
    const second = rule("R", { id: idOf("rul", "second") });
    expect(planned({ rules: [{ name: "R", ...THRESHOLD }] }, [rule("R"), second], { prune: true }).lines).toEqual([
      `- rule "R", a second one of its name (${idOf("rul", "second")})`,
    ]);
  });

  test("a rule that is there may be referred to, unless it is to be deleted; what is nowhere is refused with its line", () => {
    const content = { rules: [composite("C", "R")] };
    expect(planned(content, [rule("R")]).lines).toEqual(['+ rule "C"']);
    expect(() => planned(content, [rule("R")], { prune: true })).toThrow(
      /^m\.yaml:\d+: rule "C": condition\.all\[0\]: There is no rule "R"$/,
    );
  });

  test("rules that look at each other are refused", () => {
    expect(() => planned({ rules: [composite("A", "B"), composite("B", "A")] }, [])).toThrow(/rule "A": It refers to itself[^]*rule "B"/);
  });

  test("whatever the order of the files, no rule is made before those that it looks at", () => {
    const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 30 });
    fc.assert(
      fc.property(edges, fc.constantFrom(true, false), (pairs, reversed) => {
        const rules = Array.from({ length: 10 }, (_, n) => {
          const below = [...new Set(pairs.filter(([from, to]) => from === n && to < n).map(([, to]) => `r${to}`))];
          return below.length === 0 ? { name: `r${n}`, ...THRESHOLD } : composite(`r${n}`, ...below);
        });
        const { plan } = planned({ rules: reversed ? rules.toReversed() : rules }, []);
        const order = plan.steps.map((step) => (step.act === "create" ? step.wanted.name : ""));
        expect(order.toSorted()).toEqual(rules.map(({ name }) => name));
        for (const [from, to] of pairs) if (to < from) expect(order.indexOf(`r${to}`)).toBeLessThan(order.indexOf(`r${from}`));
      }),
    );
  });
});
