import { expect, test } from "@jest/globals";
import { observedRows } from "./observed.ts";

test("rows keep their own times, and gaps are left out", () => {
  const { timestamps, values } = observedRows({ start: 1_000, frequency: 10, values: [null, 5, null, 0, 7, null] });
  expect([...timestamps]).toEqual([1_010, 1_030, 1_040]);
  expect([...values]).toEqual([5, 0, 7]);
});

test("gaps alone are no observations", () => {
  expect(observedRows({ start: 0, frequency: 1, values: [null, null] }).timestamps).toHaveLength(0);
});
