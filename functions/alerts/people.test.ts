import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Alert, AlertComment, AlertTransition, AlertWithComments } from "../../shared/contract/alert.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { MINUTE } from "../../shared/testing/evaluation.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { acknowledgeAlert } from "./acknowledge.ts";
import { assignAlert } from "./assign.ts";
import { commentOnAlert } from "./comment.ts";
import { getAlert } from "./get.ts";
import { listComments } from "./list-comments.ts";
import { listTransitions } from "./list-transitions.ts";
import { listAlerts } from "./list.ts";
import { resolveAlert } from "./resolve.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}
const read = async (id: string) => (await harness.call(getAlert, { id })) as AlertWithComments;
const write = async (id: string, text: string, more: object = {}) =>
  (await harness.call(commentOnAlert, { id, text, ...more })) as AlertComment;
const comments = async (id: string, query: object = {}) => (await harness.call(listComments, { id, ...query })) as Page<AlertComment>;
const transitions = async (id: string, query: object = {}) =>
  (await harness.call(listTransitions, { id, ...query })) as Page<AlertTransition>;
const ids = async (query: object) => ((await harness.call(listAlerts, query)) as Page<Alert>).items.map(({ id }) => id);
const foreign = () => ({ org: harness.otherOrg });

describe("comments", () => {
  test("are kept with who wrote them and when, and come with the alert and on their own, oldest first", async () => {
    const id = await fire(harness, await storeRule(harness));
    await write(id, "  Looking into it\nnow ", { name: "Ada" });
    harness.clock.advance(MINUTE);
    await write(id, "The disk is full");
    const written = [
      { text: "Looking into it\nnow", actor: { kind: "key", id: "key_test", name: "Ada" }, at: new Date(START).toISOString(), act: null },
      { text: "The disk is full", actor: { kind: "key", id: "key_test" } },
    ];
    expect((await read(id)).comments).toMatchObject(written);
    const first = await comments(id, { limit: "1" });
    const second = await comments(id, { limit: "1", cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ text }) => text).toSorted()).toEqual(["Looking into it\nnow", "The disk is full"]);
    expect(second.nextCursor).toBeNull();
  });

  test("may be written about what is resolved", async () => {
    const id = await fire(harness, await storeRule(harness));
    await harness.call(resolveAlert, { id });
    await write(id, "It was the deploy");
    expect((await read(id)).comments).toHaveLength(1);
  });

  test("go with an acknowledgement and with a resolve, in the same write", async () => {
    const id = await fire(harness, await storeRule(harness));
    await harness.call(acknowledgeAlert, { id, name: "Ada", ttl: "1h", note: "Mine" });
    await harness.call(resolveAlert, { id, note: "Restarted it" });
    expect(new Set((await read(id)).comments.map(({ act, text }) => `${act}: ${text}`))).toEqual(
      new Set(["acknowledged: Mine", "resolved: Restarted it"]),
    );
  });

  test("a note is not written where the act is refused", async () => {
    const id = await fire(harness, await storeRule(harness));
    await harness.call(resolveAlert, { id });
    await expect(harness.call(acknowledgeAlert, { id, note: "Too late" })).rejects.toMatchObject({ kind: "conflict" });
    expect((await read(id)).comments).toEqual([]);
  });

  test("of another organisation are answered like those that are missing", async () => {
    const id = await fire(harness, await storeRule(harness));
    await write(id, "Ours");
    for (const verb of [commentOnAlert, listComments, listTransitions]) {
      const input = verb === commentOnAlert ? { id, text: "Theirs" } : { id };
      await expect(harness.call(verb, input, foreign())).rejects.toMatchObject({ kind: "not-found" });
    }
    expect((await harness.deps.store.forOrg(harness.otherOrg).alerts.comments(id, { limit: 10 })).items).toEqual([]);
  });
});

describe("an assignee", () => {
  test.each([
    [{ name: "Ada" }, { kind: "key", id: "key_test", name: "Ada" }],
    [
      { kind: "user", id: "u1", name: "Grace" },
      { kind: "user", id: "u1", name: "Grace" },
    ],
  ])("%j takes care of it until nobody does, and evaluations leave that alone", async (assignee, shown) => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    expect(await harness.call(assignAlert, { id, assignee })).toMatchObject({ id, assignee: shown });
    await evaluate(harness, rule, { at: START + MINUTE, outcome: "true", value: 99 });
    expect(await read(id)).toMatchObject({ assignee: shown, value: 99 });
    expect(await harness.call(assignAlert, { id, assignee: null })).toMatchObject({ assignee: null });
  });

  test("is whoever gives a name and names no other; nobody at all is refused", async () => {
    const id = await fire(harness, await storeRule(harness));
    const ada = { kind: "key", id: "key_test", name: "Ada" };
    expect(await harness.call(assignAlert, { id, name: "Ada" })).toMatchObject({ assignee: ada });
    expect(await harness.call(assignAlert, { id, name: "Ada", assignee: { name: "Eve" } })).toMatchObject({
      assignee: { ...ada, name: "Eve" },
    });
    expect(await harness.call(assignAlert, { id, name: "Ada", assignee: null })).toMatchObject({ assignee: null });
    await expect(harness.call(assignAlert, { id })).rejects.toThrow("Expected who is to take care of it, or null");
  });

  test("of another organisation's alert cannot be set", async () => {
    const id = await fire(harness, await storeRule(harness));
    await expect(harness.call(assignAlert, { id, assignee: { name: "Eve" } }, foreign())).rejects.toMatchObject({ kind: "not-found" });
    expect(await harness.deps.store.forOrg(harness.otherOrg).alerts.assign(id, null)).toBe(false);
    expect(await read(id)).toMatchObject({ assignee: null });
  });
});

describe("transitions", () => {
  test("tell what the condition and the alert did, when, why and by whom, a page at a time, and nothing of the alert before", async () => {
    const rule = await storeRule(harness, { for: "2m" });
    const at = (minute: number, outcome: "true" | "false") =>
      evaluate(harness, rule, { at: START + minute * MINUTE, outcome, value: outcome === "true" ? 95 : 1 });
    for (const minute of [0, 2]) await at(minute, "true");
    await at(3, "false");
    await at(30, "true");
    const { alert } = await at(32, "true");
    harness.clock.set(START + 33 * MINUTE);
    await harness.call(acknowledgeAlert, { id: alert!, name: "Ada" });
    await at(34, "false");

    const whole = await transitions(alert!);
    expect(whole.items.map(({ kind, from, to, reason }) => `${kind} ${from ?? ""}>${to} ${reason}`)).toEqual([
      "condition inactive>pending true",
      "condition pending>firing true",
      "episode >open fired",
      "episode open>acknowledged acknowledged",
      "condition firing>inactive recovered",
      "episode acknowledged>resolved recovered",
    ]);
    expect(whole.items[3]).toMatchObject({
      at: new Date(START + 33 * MINUTE).toISOString(),
      recordedAt: new Date(START + 33 * MINUTE).toISOString(),
      actor: { kind: "key", id: "key_test", name: "Ada" },
      ruleVersion: 1,
    });
    const paged: AlertTransition[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Page<AlertTransition> = await transitions(alert!, { limit: "2", ...(cursor === "" ? {} : { cursor }) });
      paged.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(whole.items);
  });
});

describe("alerts are found by", () => {
  test("several statuses at once", async () => {
    const rule = await storeRule(harness);
    const [firing, taken, ended] = [
      await fire(harness, rule, { dimensions: { host: "a" } }),
      await fire(harness, rule, { dimensions: { host: "b" } }),
      await fire(harness, rule, { dimensions: { host: "c" } }),
    ];
    await harness.call(acknowledgeAlert, { id: taken });
    await harness.call(resolveAlert, { id: ended });
    expect(new Set(await ids({ status: ["firing", "acknowledged"] }))).toEqual(new Set([firing, taken]));
    expect(new Set(await ids({ status: ["firing", "resolved"] }))).toEqual(new Set([firing, ended]));
  });

  test("matchers over the labels of the rule and the dimensions of the series", async () => {
    const web = await fire(harness, await storeRule(harness, { labels: { team: "web" } }), { dimensions: { host: "a1" } });
    const db = await fire(harness, await storeRule(harness, { labels: { team: "db" } }), { dimensions: { host: "b1" } });
    expect(await ids({ match: 'team="web"' })).toEqual([web]);
    expect(await ids({ match: 'host=~"b.*"' })).toEqual([db]);
    expect(await ids({ match: ['team!="web"', 'host=~".1"'] })).toEqual([db]);
    await expect(harness.call(listAlerts, { match: 'host=~"("' })).rejects.toMatchObject({ kind: "validation-failed" });
  });

  test("who takes care of them, and that nobody does", async () => {
    const rule = await storeRule(harness);
    const [mine, yours] = [
      await fire(harness, rule, { dimensions: { host: "a" } }),
      await fire(harness, rule, { dimensions: { host: "b" } }),
    ];
    await harness.call(assignAlert, { id: mine, assignee: { kind: "user", id: "u1", name: "Ada" } });
    expect(await ids({ assignee: "Ada" })).toEqual([mine]);
    expect(await ids({ assignee: "u1" })).toEqual([mine]);
    expect(await ids({ assignee: "none" })).toEqual([yours]);
  });

  test("when they began, from inclusive and to exclusive", async () => {
    const rule = await storeRule(harness);
    const began = [];
    for (const minute of [0, 1, 2])
      began.push(await fire(harness, rule, { at: START + minute * MINUTE, dimensions: { host: `${minute}` } }));
    expect(await ids({ from: String(START + MINUTE), to: String(START + 2 * MINUTE) })).toEqual([began[1]]);
  });

  test("a part of their rule's name or metric, in capitals or not", async () => {
    const id = await fire(harness, await storeRule(harness, { name: "Über-voll: disk", selector: { metricKey: "disk.used" } }));
    await fire(harness, await storeRule(harness));
    expect(await ids({ search: "ÜBER" })).toEqual([id]);
    expect(await ids({ search: "Disk.Us" })).toEqual([id]);
    expect(await ids({ search: "%" })).toEqual([]);
  });

  test("matchers a page at a time, each once and newest first, however many lie between", async () => {
    const rule = await storeRule(harness);
    const wanted: string[] = [];
    for (let n = 0; n < 40; n++) {
      const id = await fire(harness, rule, { at: START + n, dimensions: { host: `${n}`, kind: n % 10 === 0 ? "rare" : "often" } });
      if (n % 10 === 0) wanted.push(id);
    }
    const found: (string | null)[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const query = { match: 'kind="rare"', limit: "3", ...(cursor === "" ? {} : { cursor }) };
      const page = (await harness.call(listAlerts, query)) as Page<Alert>;
      found.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(found).toEqual(wanted.toReversed());
  });
});
