import { describe, expect, test } from "@jest/globals";
import type { AlertChart } from "../core/message/alert-chart.ts";
import { createCharts } from "./charts.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 20, 10);
const timestamps = Array.from({ length: 120 }, (_, row) => START + (row - 90) * MINUTE);
const chart: AlertChart = {
  title: "Critical: CPU <script>alert(1)</script> & {a|b}",
  caption: 'cpu{host="a"}',
  note: "Fired 20 Nov 2026, 10:00",
  lineText: "value",
  timezone: "UTC",
  from: timestamps[0]!,
  to: timestamps.at(-1)!,
  line: { timestamps, values: timestamps.map((_, row) => (row === 50 ? null : 50 + (row % 10))) },
  leftOut: 0,
  raw: null,
  band: null,
  limits: [{ kind: "threshold", value: 0.123456, text: "alerts above 0.1235", isAbove: true }],
  episode: { pendingAt: START - MINUTE, startedAt: START, resolvedAt: START + 5 * MINUTE },
  firedTo: START + 5 * MINUTE,
  severity: "critical",
  fired: { at: START, value: 55 },
};
const size = { width: 480, height: 270 };
const failures: unknown[] = [];
const charts = createCharts({ onFailure: (error) => failures.push(error) });
const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);

describe("an SVG", () => {
  test("says what the chart says, at its size, and nothing in it is run or fetched", async () => {
    const svg = await charts.svg(chart, size);
    expect(svg).toMatch(/^<svg width="480" height="270" xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining(["cpu{host=&quot;a&quot;}", "alerts above 0.1235", "fired", "ended", "10:00", "Line: value  ·  times in UTC"]),
    );
    expect(svg).not.toMatch(/<script|<image|href=|\bon\w+=/);
  });

  test("a level lies where its value is, however small", async () => {
    const level = async (value: number) => {
      const limits = [{ ...chart.limits[0]!, value }];
      const line = { timestamps, values: timestamps.map((_, row) => (row % 2 === 0 ? 0 : 0.000_04)) };
      const svg = await charts.svg({ ...chart, limits, line, fired: null }, size);
      return Number(/d="M[\d.]+ ([\d.]+)L[\d.]+ [\d.]+" fill="none"[^>]*stroke="#b45309"/.exec(svg)![1]);
    };
    const [low, middle, high] = [await level(0.000_01), await level(0.000_02), await level(0.000_03)];
    expect(low).toBeGreaterThan(middle);
    expect(middle).toBeGreaterThan(high);
  });

  test("says that there are no points, or that they are beyond what is drawn", async () => {
    const foot = async (changes: Partial<AlertChart>) => textsOf(await charts.svg({ ...chart, ...changes }, size)).at(-1);
    const line = { timestamps: [], values: [] };
    expect(await foot({ line })).toBe("No points in this time  ·  times in UTC");
    expect(await foot({ line, leftOut: 3 })).toBe("3 points beyond 1e+300, not drawn  ·  times in UTC");
    expect(await foot({ leftOut: 1 })).toBe("Line: value  ·  1 point beyond 1e+300, not drawn  ·  times in UTC");
  });

  /** What names the marks, with the pixels that each takes from left to right. */
  function marksIn(svg: string) {
    const found = [
      ...svg.matchAll(/<text[^>]*text-anchor="(start|end)"[^>]*transform="translate\(([\d.]+) [^>]*>([^<]*(?:fired|ended)[^<]*)</g),
    ];
    return found.map(([, anchor, x, text]) => {
      const width = text!.length * 7;
      return { text: text!, from: Number(x) - (anchor === "end" ? width : 0), to: Number(x) + (anchor === "end" ? 0 : width) };
    });
  }

  test.each<[string, number, number, readonly string[]]>([
    ["after a second, with room after it", 1_000, 30, ["fired", "ended"]],
    ["after a second, just now", 1_000, 0, ["fired, ended"]],
    ["after ten minutes, just now", 10 * MINUTE, 0, ["fired, ended"]],
    ["after half an hour, just now", 30 * MINUTE, 0, ["fired", "ended"]],
  ])("the names of the marks of an alert that ended %s neither touch nor leave the picture", async (_, lasted, after, expected) => {
    const resolvedAt = START + lasted;
    const svg = await charts.svg(
      { ...chart, to: resolvedAt + after * MINUTE, episode: { pendingAt: START, startedAt: START, resolvedAt }, firedTo: resolvedAt },
      size,
    );
    const marks = marksIn(svg).toSorted((a, b) => a.from - b.from);
    expect(marks.map(({ text }) => text)).toEqual(expected);
    for (const [place, { from, to }] of marks.entries()) {
      expect([from >= (marks[place - 1]?.to ?? 0) + 4, to <= size.width]).toEqual([true, true]);
    }
  });

  test.each<[string, Partial<AlertChart>]>([
    ["nothing at all", { line: { timestamps: [], values: [] }, limits: [], fired: null }],
    ["one point", { line: { timestamps: [START], values: [1] }, limits: [] }],
    ["values at the ends of what is drawn", { line: { timestamps: [START, START + 1], values: [-1e300, 1e300] } }],
    ["an open alert", { episode: { pendingAt: START, startedAt: START, resolvedAt: null } }],
    [
      "a band",
      {
        band: {
          text: "expected",
          timestamps,
          lo: timestamps.map(() => -1e299),
          hi: timestamps.map(() => 90),
          expected: timestamps.map(() => null),
        },
      },
    ],
  ])("%s can be drawn", async (_, changes) => {
    const svg = await charts.svg({ ...chart, ...changes }, size);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect((await charts.png({ ...chart, ...changes }, size)).length).toBeGreaterThan(2_000);
  });
});

test("a PNG has two pixels for each of the SVG, and letters in it", async () => {
  const png = Buffer.from(await charts.png(chart, size));
  expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([960, 540]);
  const wordless = Buffer.from(await charts.png({ ...chart, title: "", caption: "", note: "" }, size));
  expect(png.length - wordless.length).toBeGreaterThan(1_000);
});

test("why a message goes without its chart is handed on", () => {
  const error = new Error("broken");
  charts.leftOut(error);
  expect(failures).toEqual([error]);
});
