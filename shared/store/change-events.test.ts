import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { LONGEST_CHANGE_MS } from "../contract/change-event.ts";
import type { ChangeEventId } from "../contract/ids.ts";
import type { ChangeRecord } from "../core/alert/changes.ts";
import { MAX_CHANGE_EVENTS } from "../ports/change-events.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const store = (org = harness.org) => harness.deps.store.forOrg(org).changeEvents;
const change = (changes: Partial<ChangeRecord> = {}): ChangeRecord => ({
  id: harness.deps.newId<ChangeEventId>("chg"),
  kind: "deployment",
  title: "api v1",
  at: START,
  endAt: null,
  dimensions: { service: "api" },
  link: null,
  source: null,
  createdBy: { kind: "key", id: "key_a" },
  createdAt: START,
  ...changes,
});

test("a change reads back as it was stored, in its organisation alone", async () => {
  const one = change({ endAt: START + 1, link: "https://example.com", source: "ci" });
  expect(await store().insert(one)).toBe(true);
  expect(await store().get(one.id)).toEqual(one);
  expect(await store(harness.otherOrg).get(one.id)).toBeNull();
  expect(await store(harness.otherOrg).remove(one.id)).toBe(false);
  expect(await store(harness.otherOrg).during({ from: START, to: START + 1 })).toEqual([]);
  expect(await store().remove(one.id)).toBe(true);
});

test("of a stretch are those that went on at any time of it, newest first", async () => {
  for (const [title, at, endAt] of [
    ["over", START - 10, null],
    ["at its beginning", START, null],
    ["reaches in", START - LONGEST_CHANGE_MS, START],
    ["over before", START - 20, START - 1],
    ["at its end", START + 9, null],
    ["after it", START + 10, null],
  ] as const)
    await store().insert(change({ title, at, endAt }));
  expect((await store().during({ from: START, to: START + 10 })).map(({ title }) => title)).toEqual([
    "at its end",
    "at its beginning",
    "reaches in",
  ]);
});

test("a page that nothing of matches is still gone beyond", async () => {
  for (let n = 0; n < 3; n += 1) await store().insert(change({ at: START + n, title: String(n) }));
  const { items } = await store().list({ matches: ({ service }) => service === "web" }, { limit: 1 });
  expect(items).toEqual([]);
  const first = await store().list({ matches: ({ service }) => service === "api" }, { limit: 2 });
  const second = await store().list({ matches: () => true }, { limit: 2, cursor: first.nextCursor! });
  expect([...first.items, ...second.items].map(({ title }) => title)).toEqual(["2", "1", "0"]);
});

test("an organisation has a limit of them", async () => {
  const rows = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most)
    INSERT INTO change_event SELECT 'chg_' || i, :org, 'other', 't', i, i, '{}', NULL, NULL, '{"kind":"key","id":"k"}', 0 FROM n`;
  await harness.database.write([{ sql: rows, args: { org: harness.org, most: MAX_CHANGE_EVENTS } }]);
  expect(await store().insert(change())).toBe(false);
  expect(await store(harness.otherOrg).insert(change())).toBe(true);
  expect(await harness.deps.store.platform.changes.forget(2, 10)).toBe(1);
  expect(await store().insert(change())).toBe(true);
});

test("reads ride their index", async () => {
  const { read } = harness.database;
  const plans: string[] = [];
  Object.assign(harness.database, {
    async read(sql: string, args: Parameters<typeof read>[1]) {
      plans.push(...(await read(`EXPLAIN QUERY PLAN ${sql}`, args)).map((row) => row["detail"] as string));
      return read(sql, args);
    },
  });
  await store().during({ from: START, to: START + 10 });
  await store().list({ kind: ["flag"], from: 1, to: START }, { limit: 10 });
  const own = plans.filter((plan) => plan.includes("change_event"));
  expect(own).toHaveLength(2);
  for (const plan of own) expect(plan).toMatch(/SEARCH change_event USING INDEX change_event_started \(org=\? AND/);
  expect(plans.join()).not.toContain("TEMP B-TREE");
});
