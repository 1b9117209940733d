import * as v from "valibot";

/** How many episodes of anomalies people want to be told of in 24 hours, over all series; null: of all of them. */
export const DetectionBudget = v.strictObject({
  anomaliesPerDay: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000))),
});
export type DetectionBudget = v.InferOutput<typeof DetectionBudget>;
