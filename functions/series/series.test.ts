import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { aggregateValues } from "../../shared/core/series/aggregate.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import seriesHttp from "./http.ts";

let harness: Harness;
let server: TestHttp;
let key: string;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["read"]);
});
afterEach(() => harness.close());

interface Answer {
  readonly timestamps: number[];
  readonly values: number[];
  readonly aggregates: Record<string, number[]>;
  readonly step: string;
  readonly nextCursor: string | null;
}
const get = (url: string) => server.request(seriesHttp, "GET", url, { key });
const points = async (id: string, query: string) => (await get(`/api/v1/series/${id}/points?${query}`)).body as Answer;

/** Follows the cursors to the end. */
async function allPages(id: string, query: string): Promise<Answer[]> {
  const pages: Answer[] = [];
  for (let cursor = ""; ;) {
    const page = await points(id, `${query}${cursor}`);
    pages.push(page);
    if (page.nextCursor === null) return pages;
    cursor = `&cursor=${page.nextCursor}`;
  }
}

describe("a list of series", () => {
  test("is filtered by metric and matchers, and paged", async () => {
    for (const region of ["eu", "eu-west", "us"]) await harness.store("http.requests", [[START, 1]], { region });
    await harness.store("cpu", [[START, 1]]);
    const found = async (query: string) =>
      (await get(`/api/v1/series?${query}`)).body as { items: { dimensions: { region: string } }[]; nextCursor: string | null };
    const regions = async (query: string) => (await found(query)).items.map(({ dimensions }) => dimensions.region).toSorted();
    expect(await regions(`metricKey=http.requests&match=${encodeURIComponent('region=~"eu.*"')}`)).toEqual(["eu", "eu-west"]);
    expect(await regions(`match=${encodeURIComponent('region!=""')}&match=${encodeURIComponent('region!~"eu.*"')}`)).toEqual(["us"]);
    const first = await found("limit=3");
    expect(first.items.length).toBe(3);
    expect((await found(`limit=3&cursor=${encodeURIComponent(first.nextCursor!)}`)).items.length).toBe(1);
  });

  test.each(["match=region", "limit=0", "limit=1001", "metricKey=1", "unknown=1", `match=${encodeURIComponent('a=~"("')}`])(
    "is refused for ?%s",
    async (query) => {
      expect((await get(`/api/v1/series?${query}`)).status).toBe(400);
    },
  );
});

describe("points", () => {
  test("come raw, ascending or newest first, and every page once", async () => {
    const id = await harness.store(
      "cpu",
      Array.from({ length: 25 }, (_, n) => [START + n * 1_000, n] as const),
    );
    const up = await allPages(id, "limit=10");
    expect(up.map(({ values }) => values.length)).toEqual([10, 10, 5]);
    expect(up.flatMap(({ values }) => values)).toEqual(Array.from({ length: 25 }, (_, n) => n));
    const down = await allPages(id, "limit=10&order=desc");
    expect(down.flatMap(({ values }) => values)).toEqual(Array.from({ length: 25 }, (_, n) => 24 - n));
    const window = await points(id, `from=${START + 3_000}&to=${new Date(START + 5_000).toISOString()}`);
    expect(window).toMatchObject({ timestamps: [START + 3_000, START + 4_000], values: [3, 4], nextCursor: null });
  });

  test("in buckets equal the aggregates of the raw points, on any pages, in both orders", async () => {
    let run = 0;
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: -50, max: 50 })), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 5 }), async (pairs, limit) => {
        const id = await harness.store(`m${String((run += 1))}`, pairs);
        const model = [...new Map(pairs)].toSorted(([a], [b]) => a - b);
        const buckets = Map.groupBy(model, ([timestamp]) => Math.floor(timestamp / 2_000) * 2_000);
        const expected = [...buckets].map(([start, own]) => [
          start,
          aggregateValues(
            Float64Array.from(own, ([, value]) => value),
            "avg",
          ),
          own.length,
        ]);
        for (const order of ["asc", "desc"] as const) {
          const pages = await allPages(id, `step=2s&agg=avg&agg=count&limit=${limit}&order=${order}`);
          const read = pages.flatMap(({ timestamps, aggregates }) =>
            timestamps.map((start, row) => [start, aggregates["avg"]![row], aggregates["count"]![row]]),
          );
          expect(read).toEqual(order === "asc" ? expected : expected.toReversed());
        }
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    "limit=10001",
    "from=200000000000&to=100000000000",
    "from=1795304315",
    "agg=avg",
    "step=1s&agg=median",
    "step=10ms",
    "order=up",
    "from=yesterday",
    "cursor=x",
  ])("are refused for ?%s", async (query) => {
    const id = await harness.store("cpu", [[START, 1]]);
    expect((await get(`/api/v1/series/${id}/points?${query}`)).status).toBe(400);
  });

  test("of a missing and of a foreign series are the same 404", async () => {
    const id = await harness.store("cpu", [[START, 1]]);
    const other = await server.keyOf(harness.otherOrg, ["read"]);
    const foreign = await server.request(seriesHttp, "GET", `/api/v1/series/${id}/points`, { key: other });
    const missing = await server.request(seriesHttp, "GET", `/api/v1/series/ser_${"0".repeat(24)}/points`, { key });
    const bare = ({ status, body }: typeof foreign) => ({ status, body: { ...(body as object), instance: "" } });
    expect(bare(foreign)).toEqual(bare(missing));
    expect(foreign.status).toBe(404);
  });
});
