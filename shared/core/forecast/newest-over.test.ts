import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { newestOver, takeSteps } from "./newest-over.ts";
import type { Segment, StoredSpan } from "./newest-over.ts";

const span = (id: string, createdAt: number, startsAt: number, horizon: number, frequencyMs = 10): StoredSpan => ({
  id,
  createdAt,
  startsAt,
  endsAt: startsAt + horizon * frequencyMs,
  frequencyMs,
});
const ALL = { from: 0, to: 1_000, lead: 1, horizon: 720 };
/** Each time with the forecast that it is of. */
const rows = (segments: readonly Segment[]) =>
  segments.flatMap(({ forecast, step, steps }) =>
    Array.from({ length: steps }, (_, i) => [forecast.startsAt + (step + i) * forecast.frequencyMs, forecast.id] as const),
  );

describe("each time is said by the newest forecast that covers it", () => {
  const [a, b] = [span("a", 1, 10, 4), span("b", 2, 30, 4)];

  test("the older one says what the newer one does not", () => {
    expect(rows(newestOver([a, b], ALL))).toEqual([
      [10, "a"],
      [20, "a"],
      [30, "b"],
      [40, "b"],
      [50, "b"],
      [60, "b"],
    ]);
  });

  test("also after the end of the newer one", () => {
    expect(rows(newestOver([span("long", 1, 10, 5), span("short", 2, 20, 2)], ALL))).toEqual([
      [10, "long"],
      [20, "short"],
      [30, "short"],
      [40, "long"],
      [50, "long"],
    ]);
  });

  test("within the window", () => {
    expect(rows(newestOver([a, b], { ...ALL, from: 20, to: 40 }))).toEqual([
      [20, "a"],
      [30, "b"],
    ]);
  });

  test("with a lead, the newest that is so many steps ahead", () => {
    expect(rows(newestOver([a, b], { ...ALL, lead: 3 }))).toEqual([
      [30, "a"],
      [40, "a"],
      [50, "b"],
      [60, "b"],
    ]);
  });

  test("with a horizon, none further ahead", () => {
    expect(rows(newestOver([a, b], { ...ALL, horizon: 1 }))).toEqual([
      [10, "a"],
      [30, "b"],
    ]);
    expect(newestOver([a, b], { ...ALL, lead: 3, horizon: 2 })).toEqual([]);
  });

  test("of grids that lie a little apart, once", () => {
    expect(rows(newestOver([a, span("b", 2, 29, 2)], ALL))).toEqual([
      [10, "a"],
      [20, "a"],
      [29, "b"],
      [39, "b"],
    ]);
  });
});

test("of any forecasts on one grid, each time is there once, ascending, and said by the newest", () => {
  const spans = fc.array(fc.record({ createdAt: fc.nat(5), start: fc.nat(20), horizon: fc.integer({ min: 1, max: 12 }) }), {
    maxLength: 12,
  });
  const window = fc.record({
    from: fc.nat(200),
    to: fc.nat(300),
    lead: fc.integer({ min: 1, max: 4 }),
    horizon: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(spans, window, (given, asked) => {
      const all = given.map(({ createdAt, start, horizon }, i) => span(`f${String(i).padStart(2, "0")}`, createdAt, start * 10, horizon));
      const newestFirst = all.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
      const expected: (readonly [number, string])[] = [];
      for (let time = 0; time < 400; time += 10) {
        const said = newestFirst.find(({ startsAt, endsAt }) => {
          const ahead = (time - startsAt) / 10 + 1;
          return ahead >= asked.lead && ahead <= asked.horizon && time < endsAt;
        });
        if (said !== undefined && time >= asked.from && time < asked.to) expected.push([time, said.id]);
      }
      expect(rows(newestOver(all, asked))).toEqual(expected);
    }),
  );
});

describe("a page", () => {
  const segments = newestOver([span("a", 1, 10, 4), span("b", 2, 30, 4), span("c", 3, 60, 4)], ALL);

  test("has so many rows, and says where the next one starts", () => {
    const { segments: taken, next } = takeSteps(segments, { rows: 3, forecasts: 9 });
    expect(rows(taken)).toEqual([
      [10, "a"],
      [20, "a"],
      [30, "b"],
    ]);
    expect(next).toBe(40);
    expect(takeSteps(segments, { rows: 2, forecasts: 9 }).next).toBe(30);
    expect(takeSteps(segments, { rows: 9, forecasts: 9 }).next).toBeNull();
  });

  test("has rows of so many forecasts", () => {
    const { segments: taken, next } = takeSteps(segments, { rows: 99, forecasts: 2 });
    expect(taken.map(({ forecast }) => forecast.id)).toEqual(["a", "b"]);
    expect(next).toBe(60);
  });

  test("counts a forecast once that has rows on both sides of another", () => {
    const around = newestOver([span("a", 1, 10, 5), span("b", 2, 20, 2)], ALL);
    expect(takeSteps(around, { rows: 99, forecasts: 2 }).next).toBeNull();
  });
});
