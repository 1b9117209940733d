import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SeriesId } from "../../shared/contract/ids.ts";
import { advance, createDetector } from "../../shared/core/detect/detector.ts";
import type { PointScore } from "../../shared/core/detect/score-point.ts";
import { detectSeries } from "../../shared/core/detect/series-detection.ts";
import { decodeState, encodeState } from "../../shared/core/detect/state-codec.ts";
import { quietPoints, testPass } from "../../shared/testing/detection.ts";
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
      { sensitivity: 0.5, band: true },
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
    expect(await get(id, { to: "100000000000" })).toMatchObject({ timestamps: [], scores: [], nextCursor: null });
  });
});

describe("the scores of live detection, bit for bit", () => {
  const N = 9_000;
  const points = quietPoints(N, { spikes: [START - 2_500 * MINUTE, SPIKE] });
  const end = (row: number) => points[row - 1]![0];

  /** Detects what is stored in batches, and keeps what each point was said of, by its time. */
  async function live(id: SeriesId, sizes: readonly number[], said: Map<number, PointScore>): Promise<void> {
    const { detection } = harness.deps.store.forOrg(harness.org);
    let [row, turn] = [0, 0];
    while (row < N) {
      const batch = points.slice(row, (row += sizes[turn++ % sizes.length]!));
      await harness.store("cpu", batch);
      const arrived = {
        timestamps: Float64Array.from(batch, ([at]) => at),
        values: Float64Array.from(batch, ([, value]) => value),
        historical: new Uint8Array(batch.length),
      };
      const [record] = await detection.states([id]);
      const decoded = decodeState(record!.state);
      const detector = decoded.ok ? decoded.value : createDetector();
      for (const score of advance(detector, arrived, { sensitivity: 0.5, band: true })) said.set(score.timestamp, score);
      const found = detectSeries(harness.org, record!, arrived, START);
      const checkpoints = found.isCheckpoint ? [id] : [];
      await detection.commit(testPass({ states: [found.record], checkpoints }));
    }
  }
  const compare = (page: Scores, said: ReadonlyMap<number, PointScore>) => {
    expect(page.timestamps.length).toBeGreaterThan(0);
    const expected = page.timestamps.map((at) => said.get(at)!);
    expect([page.scores, page.expected, page.lo, page.hi]).toEqual([
      expected.map(({ score }) => score),
      expected.map((one) => one.expected),
      expected.map(({ lo }) => lo),
      expected.map(({ hi }) => hi),
    ]);
  };

  test("also where detection had learned from more points than a window is warmed up with", async () => {
    const id = await harness.store("cpu", []);
    const said = new Map<number, PointScore>();
    await live(id, [700, 45], said);
    compare(await get(id, { from: String(end(N - 500)) }), said);
    compare(await get(id, { from: String(end(N - 3_500)), to: String(end(N - 3_300)) }), said);
    compare(await get(id, { order: "desc", limit: "800" }), new Map([...said].toReversed()));

    const warmedUp = harness.database.write([{ sql: "DELETE FROM detector_checkpoint", args: {} }]);
    await warmedUp;
    const others = await get(id, { from: String(end(N - 500)) });
    expect(others.scores).not.toEqual(others.timestamps.map((at) => said.get(at)!.score));
  });

  test("before and after the series was learned anew", async () => {
    const id = await harness.store("cpu", []);
    const said = new Map<number, PointScore>();
    await live(id, [1_000], said);
    // Learned anew from its newest thousand points: another detector goes on.
    const { detection } = harness.deps.store.forOrg(harness.org);
    const anew = createDetector();
    const newest = points.slice(-1_000);
    advance(
      anew,
      { timestamps: Float64Array.from(newest, ([at]) => at), values: Float64Array.from(newest, ([, v]) => v) },
      { sensitivity: 0.5, band: true },
    );
    const [record] = await detection.states([id]);
    await detection.commit(testPass({ states: [{ ...record!, state: encodeState(anew) }], checkpoints: [id] }));
    const later = quietPoints(300, { until: START + 300 * MINUTE });
    await harness.store("cpu", later);
    const columns = { timestamps: Float64Array.from(later, ([at]) => at), values: Float64Array.from(later, ([, v]) => v) };
    for (const score of advance(anew, columns, { sensitivity: 0.5, band: true })) said.set(score.timestamp, score);
    harness.clock.set(START + 300 * MINUTE);
    compare(await get(id, { from: String(end(N - 400)) }), said);
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
