import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { OrgId, SeriesId } from "../../contract/ids.ts";
import { batchOf } from "./batch.ts";
import { gathered, gatherInto } from "./growing-points.ts";
import type { GrowingPoints } from "./growing-points.ts";
import { decodeLogColumns, encodeLog } from "./log-codec.ts";
import { seriesId } from "./series-id.ts";

const org = "org_000000000000000000000001" as OrgId;
const point = fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 9 }));
const name = fc.constantFrom("a", "b", "c");
/** A series may have several runs. */
const batch = fc.array(fc.tuple(name, fc.array(point, { maxLength: 12 })));
const only = fc.option(fc.array(name), { nil: undefined });

test("what is gathered of a series is its points of all batches, in the order they came; of some series, or of all", () => {
  fc.assert(
    fc.property(fc.array(batch), only, (batches, names) => {
      const bySeries = new Map<SeriesId, GrowingPoints>();
      const gather = gatherInto(bySeries, names && new Set(names.map((of) => seriesId(org, of, "{}"))));
      const wanted = new Map<SeriesId, (readonly [number, number])[]>();
      for (const rows of batches) {
        const written = rows.map(([of, points]) => ({
          series: seriesId(org, of, "{}"),
          timestamps: Float64Array.from(points, ([timestamp]) => timestamp),
          values: Float64Array.from(points, ([, value]) => value),
        }));
        gather(decodeLogColumns(encodeLog(batchOf(written))));
        for (const [of, points] of rows) {
          const series = seriesId(org, of, "{}");
          if (names === undefined || names.includes(of)) wanted.set(series, [...(wanted.get(series) ?? []), ...points]);
        }
      }
      const found = new Map(
        [...bySeries].map(([series, points]) => {
          const { timestamps, values } = gathered(points);
          return [series, [...timestamps].map((timestamp, row) => [timestamp, values[row]])];
        }),
      );
      expect(found).toEqual(wanted);
    }),
  );
});
