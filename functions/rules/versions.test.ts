import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { RuleAnswer } from "../../shared/contract/rule.ts";
import { MAX_VERSIONS } from "../../shared/ports/history.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createRule } from "./create.ts";
import { deleteRule } from "./delete.ts";
import { listRuleVersions } from "./versions.ts";
import { patchRule } from "./patch.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

interface Version {
  version: number;
  at: string;
  actor: unknown;
  definition: RuleAnswer | null;
}
const DEFINITION = { name: "CPU", kind: "threshold", selector: { metricKey: "cpu" }, condition: { operator: "gt", value: 90 }, for: "5m" };
const create = async () => (await harness.call(createRule, DEFINITION)) as RuleAnswer;
const history = async (id: string, query: object = {}, options = {}) =>
  (await harness.call(listRuleVersions, { id, ...query }, options)) as { items: Version[]; nextCursor: string | null };

describe("200", () => {
  test("each change is a version, with who made it and when, as the rule was read then; a deletion is the last", async () => {
    const created = await create();
    const actor = { kind: "key", id: "key_other", name: "Ada" } as const;
    harness.clock.advance(1_000);
    const patched = await harness.call(patchRule, { id: created.id, for: "10m" }, { context: { actor } });
    await harness.call(patchRule, { id: created.id, for: "10m" });
    harness.clock.advance(1_000);
    await harness.call(deleteRule, { id: created.id });
    expect((await history(created.id)).items).toEqual([
      { version: 3, at: "2026-11-20T10:00:02.000Z", actor: { kind: "key", id: "key_test" }, definition: null },
      { version: 2, at: "2026-11-20T10:00:01.000Z", actor, definition: patched },
      { version: 1, at: "2026-11-20T10:00:00.000Z", actor: { kind: "key", id: "key_test" }, definition: created },
    ]);
  });

  test("the newest hundred are kept, a page at a time", async () => {
    const { id } = await create();
    for (let n = 1; n <= MAX_VERSIONS + 5; n++) await harness.call(patchRule, { id, name: `CPU ${n}` });
    const first = await history(id, { limit: "60" });
    const second = await history(id, { limit: "60", cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ version }) => version)).toEqual(
      Array.from({ length: MAX_VERSIONS }, (_, place) => MAX_VERSIONS + 6 - place),
    );
    expect(second.nextCursor).toBeNull();
  });

  test("of two changes at once, one is made upon the other, and both are kept", async () => {
    const { id } = await create();
    await Promise.all([harness.call(patchRule, { id, name: "One" }), harness.call(patchRule, { id, for: "1m" })]);
    expect((await history(id)).items.map(({ version }) => version)).toEqual([3, 2, 1]);
    expect((await history(id)).items[0]!.definition).toMatchObject({ name: "One", for: "1m" });
  });
});

describe("404", () => {
  test("a rule of another organisation is answered like one that is missing", async () => {
    const { id } = await create();
    await expect(history(id, {}, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    await expect(history(`rul_${"0".repeat(24)}`)).rejects.toMatchObject({ kind: "not-found" });
  });
});
