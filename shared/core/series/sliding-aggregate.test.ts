import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Aggregate } from "../../contract/series.ts";
import { aggregateValues } from "./aggregate.ts";
import { slidingAggregate } from "./sliding-aggregate.ts";

const moves = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })), { maxLength: 40 });

test.each(Aggregate.options)("%s of a moving window is what it is of each window by itself, to the last bit", (name) => {
  const values = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.double({ min: 1e-3, max: 1e6, noNaN: true })), { minLength: 1 });
  fc.assert(
    fc.property(values, moves, (numbers, steps) => {
      const column = Float64Array.from(numbers);
      const sliding = slidingAggregate(column, name);
      let [start, end] = [0, 0];
      for (const [first, last] of steps) {
        start = Math.min(column.length - 1, start + first);
        end = Math.min(column.length, Math.max(start + 1, end + last));
        expect(sliding(start, end)).toBe(aggregateValues(column.subarray(start, end), name));
      }
    }),
  );
});

test.each(Aggregate.options)("%s over values that are not finite, or whose sum is not, is what it is of each window by itself", (name) => {
  for (const column of [Float64Array.of(1, NaN, 3, Infinity, 5, 6), Float64Array.of(1e308, 1e308, 1e308, 1, 2, 3)]) {
    const sliding = slidingAggregate(column, name);
    for (let start = 0; start + 3 <= column.length; start += 1) {
      expect(sliding(start, start + 3)).toBe(aggregateValues(column.subarray(start, start + 3), name));
    }
  }
});
