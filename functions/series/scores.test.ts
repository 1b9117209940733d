import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SeriesId } from "../../shared/contract/ids.ts";
import { advance, createDetector } from "../../shared/core/detect/detector.ts";
import { quietPoints } from "../../shared/testing/detection.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import type { Scores } from "./contract.ts";
import { readScores } from "./scores.ts";

const MINUTE = 60_000;
const SPIKE = START - 20 * MINUTE;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const get = async (id: SeriesId, query: Record<string, string> = {}, org = harness.org) =>
  (await harness.call(readScores, { id, ...query }, { org })) as Scores;

describe("200", () => {
  test("row by row what live detection says of a point, with nulls while there is no score", async () => {
    const points = quietPoints(300, { spikes: [SPIKE] });
    const id = await harness.store("cpu", points);
    const { nextCursor, series, ...columns } = await get(id);
    const timestamps = points.map(([timestamp]) => timestamp);
    const live = advance(
      createDetector(),
      { timestamps: Float64Array.from(timestamps), values: Float64Array.from(points, ([, value]) => value) },
      { sensitivity: 0.5 },
    );
    expect([series, nextCursor]).toEqual([id, null]);
    expect(columns).toEqual({
      timestamps,
      values: points.map(([, value]) => value),
      scores: live.map(({ score, severity }) => (severity === null ? null : score)),
      expected: live.map(({ expected, severity }) => (severity === null ? null : expected)),
      lo: live.map(({ lo }) => lo),
      hi: live.map(({ hi }) => hi),
      anomalous: live.map(({ anomalous }) => Number(anomalous)),
    });
    expect(columns.scores.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => null));
    expect(columns.anomalous[timestamps.indexOf(SPIKE)]).toBe(1);
  });

  test("a window, up to now, page by page in either order, says what all of it at once says", async () => {
    const id = await harness.store("cpu", quietPoints(400, { until: START + 30 * MINUTE, spikes: [SPIKE] }));
    const from = new Date(START - 99 * MINUTE).toISOString();
    const whole = await get(id, { from });
    expect([whole.timestamps.length, whole.timestamps.at(-1)]).toEqual([100, START]);
    for (const order of ["asc", "desc"]) {
      const rows: [number, number | null, number | null][] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const query: Record<string, string> = { from, order, limit: "30", ...(cursor === "" ? {} : { cursor }) };
        const page: Scores = await get(id, query);
        rows.push(...page.timestamps.map((at, row): (typeof rows)[0] => [at, page.scores[row]!, page.hi[row]!]));
        cursor = page.nextCursor;
      }
      const expected = whole.timestamps.map((at, row) => [at, whole.scores[row], whole.hi[row]]);
      expect(rows).toEqual(order === "asc" ? expected : expected.toReversed());
    }
  });

  test("a higher sensitivity narrows the band and leaves the scores", async () => {
    const id = await harness.store("cpu", quietPoints(300));
    const from = String(START - 10 * MINUTE);
    const [low, high] = [await get(id, { from, sensitivity: "0" }), await get(id, { from, sensitivity: "1" })];
    expect(high.scores).toEqual(low.scores);
    expect(high.hi[0]! - high.lo[0]!).toBeLessThan(low.hi[0]! - low.lo[0]!);
  });

  test("of a counter its rates", async () => {
    const id = await harness.store(
      "requests",
      quietPoints(60).map(([at], row) => [at, 600 * row] as const),
    );
    await harness.database.write([{ sql: "UPDATE series SET kind = 'counter' WHERE id = :id", args: { id } }]);
    const { values, timestamps } = await get(id);
    expect([timestamps.length, new Set(values)]).toEqual([59, new Set([10])]);
  });

  test("a series without points in the window has none", async () => {
    const id = await harness.store("cpu", quietPoints(30));
    expect(await get(id, { to: "1000" })).toMatchObject({ timestamps: [], scores: [], nextCursor: null });
  });
});

describe("400", () => {
  test.each([{ sensitivity: "1.1" }, { sensitivity: "-0" }, { sensitivity: "much" }, { limit: "10001" }, { from: "5", to: "5" }])(
    "%p is refused",
    async (query: Record<string, string>) => {
      const id = await harness.store("cpu", quietPoints(1));
      await expect(get(id, query)).rejects.toThrow();
    },
  );
});

describe("404", () => {
  test("a series of another organisation is answered like one that is missing", async () => {
    const id = await harness.store("cpu", quietPoints(1));
    await expect(get(id, {}, harness.otherOrg)).rejects.toMatchObject({ kind: "not-found" });
  });
});
