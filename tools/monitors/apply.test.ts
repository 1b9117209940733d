import { beforeEach, describe, expect, test } from "@jest/globals";
import { hashId } from "../../shared/core/hash-id.ts";
import { answer } from "../../shared/testing/door-client.ts";
import type { Client, DoorAnswer } from "../dev/client.ts";
import { applyPlan } from "./apply.ts";
import { planMonitors } from "./plan.ts";
import { presentOf } from "./present.ts";
import { readFiles } from "./read.ts";

const ID = hashId<string>("rul", ["cpu"]);
const stored = (value: number, version = 1) => ({
  id: ID,
  version,
  name: "CPU",
  kind: "threshold",
  selector: { metricKey: "cpu" },
  condition: { operator: "gt", value },
});
const RULE = '{"name": "CPU", "kind": "threshold", "selector": {"metricKey": "cpu"}, "condition": {"operator": "gt", "value": 95}}';
const present = presentOf([{ kind: "rule", answer: stored(90) }]);

let asked: string[];
beforeEach(() => {
  asked = [];
});

/** Applies a file to what was read before, while the system answers so. @returns The steps that were made. */
async function apply(text: string, prune: boolean, answers: Readonly<Record<string, DoorAnswer>>): Promise<readonly string[]> {
  const done: string[] = [];
  const ask: Client["ask"] = async (method, path, _body, headers = {}) => {
    asked.push([method, path.replace(ID, "ID"), headers["If-Match"]].join(" ").trim());
    return answers[method]!;
  };
  const wanted = readFiles([{ path: "m.yaml", text }], {});
  await applyPlan(planMonitors(wanted, { present, configChanges: new Map(), prune }), present, { ask }, ({ act }) => void done.push(act));
  return done;
}
const read = { ...answer(200, stored(90)), etag: '"one"' };
const problem = (status: number, more: object = {}) => answer(status, { type: "x", title: "No", status, ...more });

describe("a change", () => {
  test("is written over what it was planned for", async () => {
    expect(await apply(`rules: [${RULE}]`, false, { GET: read, PUT: answer(200, stored(95, 2)) })).toEqual(["change"]);
    expect(asked).toEqual(["GET /api/v1/rules/ID", 'PUT /api/v1/rules/ID "one"']);
  });

  test.each<[string, Readonly<Record<string, DoorAnswer>>, number]>([
    ["before the write", { GET: { ...answer(200, stored(80, 2)), etag: '"two"' } }, 1],
    ["just before the write", { GET: read, PUT: problem(412) }, 2],
    ["by deleting it", { GET: problem(404) }, 1],
  ])("of what somebody else changes %s is not written", async (_, answers, requests) => {
    await expect(apply(`rules: [${RULE}]`, false, answers)).rejects.toThrow('The rule "CPU" was changed by somebody else meanwhile');
    expect(asked).toHaveLength(requests);
  });

  test("that is refused is told with where the member stands that is wrong", async () => {
    const refused = problem(400, { errors: [{ path: "condition.value", message: "Too much" }] });
    await expect(apply(`rules:\n- ${RULE}`, false, { GET: read, PUT: refused })).rejects.toThrow(
      /^m\.yaml:2: rule "CPU": condition\.value: Too much$/,
    );
    await expect(apply(`rules:\n- ${RULE}`, false, { GET: read, PUT: problem(422, { detail: "Full." }) })).rejects.toThrow(
      /^m\.yaml:2: rule "CPU": No\. Full\.$/,
    );
  });
});

describe("a deletion", () => {
  test("is of what it was planned for", async () => {
    expect(await apply("rules: []", true, { GET: read, DELETE: answer(204, "") })).toEqual(["delete"]);
    expect(asked).toEqual(["GET /api/v1/rules/ID", 'DELETE /api/v1/rules/ID "one"']);
    await expect(apply("rules: []", true, { GET: { ...answer(200, stored(80, 2)), etag: '"two"' } })).rejects.toThrow("somebody else");
  });

  test("of what somebody else has deleted is done", async () => {
    expect(await apply("rules: []", true, { GET: problem(404) })).toEqual(["delete"]);
  });
});
