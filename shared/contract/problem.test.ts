import { describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import { HttpUrl } from "./channel.ts";
import { fieldErrors, parseOrRefuse, Problem } from "./problem.ts";
import { atLeast, Duration } from "./time.ts";

const Batch = v.strictObject({ levels: v.pipe(v.array(v.number()), v.maxLength(10)), kind: v.optional(v.picklist(["a", "b"])) });

function refusal(schema: v.GenericSchema, value: unknown): Problem {
  try {
    parseOrRefuse(schema, value);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("It was taken.");
}

describe("parseOrRefuse", () => {
  test("what matches its schema is given as the schema reads it", () => {
    expect(parseOrRefuse(v.pipe(v.string(), v.trim()), " x ")).toBe("x");
  });

  test("everything that is wrong with a small value is told", () => {
    expect(refusal(Batch, { levels: ["", 1, ""], kind: "c" }).errors.map(({ path }) => path)).toEqual(["levels[0]", "levels[2]", "kind"]);
  });

  test.each([
    ["an array", { levels: Array.from({ length: 200_000 }, () => "") }],
    ["an object", { levels: [], ...Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 1])) }],
  ])("of a value that is large by %s only the first thing is told, so that no body is worth a million complaints", (_name, value) => {
    expect(refusal(Batch, value).errors).toHaveLength(1);
  });
});

describe("fieldErrors", () => {
  const oneError = (schema: v.GenericSchema, value: unknown) => {
    const parsed = v.safeParse(schema, value);
    return fieldErrors(parsed.issues ?? [])[0]!;
  };

  test("a message that quotes what came is cut", () => {
    const { message } = oneError(v.picklist(["a"]), "k".repeat(1_000_000));
    expect(message.length).toBeLessThanOrEqual(301);
    expect(message).toMatch(/^Invalid type: Expected "a" but received "kkk.*…$/);
  });

  test.each([
    [
      { levels: [], kinds: "a" },
      { path: "kinds", message: "There is no such member" },
    ],
    [{ kind: "a" }, { path: "levels", message: "This member is missing" }],
    [1, { path: "", message: "Invalid type: Expected Object but received 1" }],
    [{ levels: undefined }, { path: "levels", message: "Invalid type: Expected Array but received undefined" }],
  ])("%j is told in words of the interface", (value, error) => {
    expect(oneError(Batch, value)).toEqual(error);
  });

  test("of one text or number the first thing that is wrong is told, and no two that contradict each other", () => {
    const all = (schema: v.GenericSchema, value: unknown) => fieldErrors(v.safeParse(schema, value).issues ?? []);
    expect(all(v.strictObject({ interval: v.pipe(Duration, atLeast(1_000)) }), { interval: -1 })).toEqual([
      { path: "interval", message: expect.stringContaining("Expected a duration such as 30s") },
    ]);
    expect(all(HttpUrl, "not a url")).toEqual([{ path: "", message: "Expected an http or https URL" }]);
    const low = v.strictObject({ a: v.number(), b: v.number() });
    const crossed = v.pipe(
      low,
      v.check(() => false, "one"),
      v.check(() => false, "another"),
    );
    expect(all(crossed, { a: 1, b: 1 }).map(({ message }) => message)).toEqual(["one", "another"]);
  });

  test("the member that tells variants apart is missing, where it is", () => {
    const Kinds = v.variant("kind", [v.strictObject({ kind: v.literal("a") }), v.strictObject({ kind: v.literal("b") })]);
    expect(oneError(Kinds, {})).toEqual({ path: "kind", message: 'This member is missing: expected ("a" | "b")' });
    expect(oneError(Kinds, { kind: "c" }).message).toContain('received "c"');
  });

  test("a path of names that came is cut", () => {
    const { path } = oneError(v.record(v.string(), v.number()), { ["k".repeat(1_000_000)]: "x" });
    expect(path).toMatch(/^k{300}…$/);
  });
});
