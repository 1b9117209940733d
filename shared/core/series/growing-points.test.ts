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
const batch = fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c"), fc.array(point, { maxLength: 12 })), { selector: ([name]) => name });

test("what is gathered of a series is its points of all batches, in the order they came, and from when to when they are", () => {
  fc.assert(
    fc.property(fc.array(batch), (batches) => {
      const bySeries = new Map<SeriesId, GrowingPoints>();
      const gather = gatherInto(bySeries);
      const wanted = new Map<SeriesId, (readonly [number, number])[]>();
      for (const rows of batches) {
        const written = rows.map(([name, points]) => ({
          series: seriesId(org, name, "{}"),
          timestamps: Float64Array.from(points, ([timestamp]) => timestamp),
          values: Float64Array.from(points, ([, value]) => value),
        }));
        gather(decodeLogColumns(encodeLog(batchOf(written))));
        for (const [index, { series }] of written.entries()) wanted.set(series, [...(wanted.get(series) ?? []), ...rows[index]![1]]);
      }
      expect([...bySeries.keys()].toSorted()).toEqual([...wanted.keys()].toSorted());
      for (const [series, points] of bySeries) {
        const { timestamps, values } = gathered(points);
        const own = wanted.get(series)!;
        expect([...timestamps].map((timestamp, row) => [timestamp, values[row]])).toEqual(own);
        expect([points.from, points.to]).toEqual([Math.min(...own.map(([at]) => at)), Math.max(...own.map(([at]) => at))]);
      }
    }),
  );
});
