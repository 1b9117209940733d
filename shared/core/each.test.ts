import { expect, test } from "@jest/globals";
import { each } from "./each.ts";

const failing = new Set([2, 3]);

test("each has its turn, one after another, and what failed is told once at the end", async () => {
  const seen: string[] = [];
  const run = each([1, 2, 3, 4], "numbers", async (n) => {
    seen.push(`begin ${n}`);
    await Promise.resolve();
    if (failing.has(n)) throw new Error(`No ${n}`);
    seen.push(`end ${n}`);
  });
  await expect(run).rejects.toMatchObject({ message: "2 numbers failed", errors: [{ message: "No 2" }, { message: "No 3" }] });
  expect(seen).toEqual(["begin 1", "end 1", "begin 2", "begin 3", "begin 4", "end 4"]);
});

test("where none fails, or there is none, nothing is told", async () => {
  await each([1, 4], "numbers", async () => {});
  await each([], "numbers", () => Promise.reject(new Error("never")));
});
