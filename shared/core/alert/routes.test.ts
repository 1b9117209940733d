import { describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import { MAX_ROUTES, RoutesDefinition } from "../../contract/alert-policy.ts";
import type { AlertId, ChannelId, OrgId, RuleId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { alertLabels, DEFAULT_ROUTE, groupOf, NO_POLICIES, tells } from "./policies.ts";
import type { Labels, RouteTree } from "./policies.ts";
import { compileRoutes, namedChannels } from "./routes.ts";

const [pager, mail, chat] = ["pager", "mail", "chat"].map((name) => hashId<ChannelId>("chn", [name])) as [ChannelId, ChannelId, ChannelId];
const names = new Map([
  [pager, "pager"],
  [mail, "mail"],
  [chat, "chat"],
]);
const when = (name: string, value: string, op = "=") => ({ name, op, value });

function compile(tree: object): RouteTree {
  const compiled = compileRoutes(v.parse(RoutesDefinition, tree));
  if (!compiled.ok) throw new Error(compiled.error.message);
  return compiled.value;
}
const told = (tree: RouteTree, labels: Labels) =>
  tree.find(labels).map(({ channels }) => channels?.map((id) => names.get(id)).join("+") ?? "all");

const TREE = {
  channels: [chat],
  groupWait: "10s",
  routes: [
    {
      matchers: [when("team", "db")],
      channels: [mail],
      groupBy: ["team", "host"],
      routes: [{ matchers: [when("severity", "critical")], channels: [pager] }],
    },
    { matchers: [when("audit", "yes")], channels: [mail], continue: true },
    { matchers: [when("region", "eu.*", "=~")], channels: [pager], repeatInterval: "1h" },
    { matchers: [when("region", "", "!=")], channels: [] },
  ],
};

describe("which routes take an alert", () => {
  test.each<[string, Labels, string[]]>([
    ["nothing matches: the root", {}, ["chat"]],
    ["the first that matches", { team: "db" }, ["mail"]],
    ["the deepest that matches", { team: "db", severity: "critical" }, ["pager"]],
    ["the first wins, though a later one matches too", { team: "db", region: "eu-west" }, ["mail"]],
    ["continue looks on", { audit: "yes", region: "eu-west" }, ["mail", "pager"]],
    ["continue with nothing further", { audit: "yes" }, ["mail"]],
    ["patterns are anchored, and what they miss goes on", { region: "neu" }, [""]],
    ["a label of nobody's own is none", { toString: "x" }, ["chat"]],
  ])("%s", (_what, labels, expected) => {
    expect(told(compile(TREE), labels)).toEqual(expected);
  });

  test("a route has from the one above what it does not say itself", () => {
    const tree = compile(TREE);
    expect(tree.find({ team: "db", severity: "critical" })[0]).toMatchObject({ groupBy: ["team", "host"], timers: { groupWait: 10_000 } });
    expect(tree.find({ region: "eu" })[0]).toMatchObject({ repeatInterval: 3_600_000, groupBy: ["ruleId"], sendResolved: true });
    expect(tree.find({})[0]).toMatchObject({ repeatInterval: null, timers: { groupInterval: 300_000, groupWaitCritical: 0 } });
  });

  test("an empty tree is what holds until one is written", () => {
    expect(compile({}).find({ any: "thing" })).toEqual([DEFAULT_ROUTE]);
    expect(NO_POLICIES.routes.find({})).toEqual([DEFAULT_ROUTE]);
    expect(tells(DEFAULT_ROUTE, pager)).toBe(true);
  });
});

describe("the key of a route", () => {
  const keyOf = (tree: object, labels: Labels) => compile(tree).find(labels)[0]!.key;
  const a = { matchers: [when("a", "1"), when("b", "2")], groupWait: "1s" };

  test("stays the same when anything but the matchers on its way changes", () => {
    const labels = { a: "1", b: "2" };
    const other = {
      channels: [mail],
      routes: [{ matchers: [when("c", "3")] }, { ...a, matchers: a.matchers.toReversed(), groupWait: "9s" }],
    };
    expect(keyOf(other, labels)).toBe(keyOf({ routes: [a] }, labels));
    expect(keyOf({ routes: [{ matchers: [], routes: [a] }] }, labels)).not.toBe(keyOf({ routes: [a] }, labels));
  });

  test("tells routes side by side with the same matchers apart, and finds each again", () => {
    const tree = compile({ routes: [{ ...a, continue: true }, a] });
    const found = tree.find({ a: "1", b: "2" });
    expect(new Set(found.map(({ key }) => key)).size).toBe(2);
    expect(found.map(({ key }) => tree.get(key))).toEqual(found);
    expect(tree.get("gone")).toBeNull();
  });
});

describe("groups", () => {
  const org = hashId<OrgId>("org", ["o"]);
  const route = { ...DEFAULT_ROUTE, groupBy: ["team", "host"] };

  test("have the alerts with the same values; a label that is missing equals an empty one", () => {
    const { id, labels } = groupOf(org, route, { team: "db", host: "", more: "x" });
    expect(labels).toEqual({ team: "db" });
    expect(groupOf(org, route, { team: "db" }).id).toBe(id);
    expect(groupOf(org, route, { team: "db", host: "a" }).id).not.toBe(id);
    expect(groupOf(org, { ...route, key: "other" }, { team: "db" }).id).not.toBe(id);
    expect(groupOf(hashId<OrgId>("org", ["p"]), route, { team: "db" }).id).not.toBe(id);
  });
});

describe("labels", () => {
  const alert = {
    id: hashId<AlertId>("alt", ["a"]),
    rule: hashId<RuleId>("rul", ["r"]),
    ruleName: "CPU is high",
    severity: "critical" as const,
    series: { metricKey: "cpu", dimensions: { host: "a", team: "of the series", metric: "mine" } },
    labels: { team: "of the rule", severity: "none", rule: "another" },
  };

  test("are the dimensions, over them the rule's labels, and over all the names that are ours", () => {
    expect(alertLabels(alert)).toEqual({
      host: "a",
      team: "of the rule",
      rule: "CPU is high",
      ruleId: alert.rule,
      severity: "critical",
      metric: "cpu",
    });
  });
});

describe("what is refused", () => {
  const nested = (levels: number): object => (levels === 1 ? {} : { routes: [nested(levels - 1)] });
  const messages = (tree: unknown) => v.safeParse(RoutesDefinition, tree).issues?.map(({ message }) => message) ?? [];

  test("more than five levels, and more than two hundred routes", () => {
    expect(messages(nested(5))).toEqual([]);
    expect(messages(nested(6))).toEqual(["A tree of routes has at most 5 levels"]);
    expect(messages({ routes: Array.from({ length: MAX_ROUTES - 1 }, () => ({})) })).toEqual([]);
    const wide = { routes: Array.from({ length: 100 }, () => ({ routes: [{}] })) };
    expect(messages(wide)).toEqual([`A tree has at most ${MAX_ROUTES} routes`]);
  });

  test("a pattern that RE2 does not take, with where it is", () => {
    const tree = v.parse(RoutesDefinition, { routes: [{}, { routes: [{ matchers: [when("a", "b"), when("a", "(", "=~")] }] }] });
    expect(compileRoutes(tree)).toMatchObject({ ok: false, error: { path: "routes[1].routes[0].matchers[1].value" } });
  });
});

test("the channels of a tree are named with where they stand", () => {
  expect(namedChannels(v.parse(RoutesDefinition, { channels: [chat], routes: [{}, { routes: [{ channels: [mail, pager] }] }] }))).toEqual([
    { channel: chat, path: "channels[0]" },
    { channel: mail, path: "routes[1].routes[0].channels[0]" },
    { channel: pager, path: "routes[1].routes[0].channels[1]" },
  ]);
});
