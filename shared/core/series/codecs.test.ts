import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { OrgId } from "../../contract/ids.ts";
import { decodeChunk, encodeChunk } from "./chunk-codec.ts";
import { batchOf } from "./batch.ts";
import { decodeLog, encodeLog } from "./log-codec.ts";
import { seriesId } from "./series-id.ts";

const LATEST = Date.UTC(9999, 11, 31);
const time = fc.integer({ min: 0, max: LATEST });
const value = fc.double({ noNaN: true, noDefaultInfinity: true });
const org = "org_000000000000000000000001" as OrgId;

test("a chunk gives back every bit of its points", () => {
  fc.assert(
    fc.property(fc.uniqueArray(time, { maxLength: 60 }), fc.infiniteStream(value), (times, stream) => {
      const timestamps = Float64Array.from(times.toSorted((a, b) => a - b));
      const values = Float64Array.from(timestamps, () => stream.next().value!);
      const decoded = decodeChunk(encodeChunk({ timestamps, values }));
      expect(Buffer.from(decoded.timestamps.buffer)).toEqual(Buffer.from(timestamps.buffer));
      expect(Buffer.from(decoded.values.buffer)).toEqual(Buffer.from(values.buffer));
    }),
  );
});

test("a day of regular minutes with a slow signal takes less than five bytes a point", () => {
  const timestamps = Float64Array.from({ length: 1_440 }, (_, row) => 1_700_000_000_000 + 60_000 * row);
  const values = Float64Array.from(timestamps, (_, row) => Math.round(50 + 20 * Math.sin(row / 200)));
  expect(encodeChunk({ timestamps, values }).length / 1_440).toBeLessThan(5);
});

test("a log row gives back each series with its points in the order they came", () => {
  const batches = fc.array(fc.tuple(fc.string(), fc.array(fc.tuple(time, value), { maxLength: 5 })), { maxLength: 8 });
  fc.assert(
    fc.property(batches, fc.integer({ min: 0, max: 7 }), (rows, shift) => {
      const batch = rows.map(([name, points]) => ({
        series: seriesId(org, name, "{}"),
        timestamps: Float64Array.from(points, ([timestamp]) => timestamp),
        values: Float64Array.from(points, ([, point]) => point),
      }));
      const encoded = encodeLog(batchOf(batch));
      // A payload that came over the wire starts at any byte.
      const shifted = new Uint8Array(encoded.length + shift).subarray(shift);
      shifted.set(encoded);
      expect(decodeLog(shifted)).toEqual(batch);
    }),
  );
});

test("decoding for some series leaves out the others", () => {
  const [a, b] = [seriesId(org, "a", "{}"), seriesId(org, "b", "{}")];
  const columns = { timestamps: Float64Array.of(1), values: Float64Array.of(2) };
  const encoded = encodeLog(
    batchOf([
      { series: a, ...columns },
      { series: b, ...columns },
    ]),
  );
  expect(decodeLog(encoded, new Set([b]))).toEqual([{ series: b, ...columns }]);
});
