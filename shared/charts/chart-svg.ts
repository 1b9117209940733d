import { LineChart } from "echarts/charts";
import type { LineSeriesOption } from "echarts/charts";
import { GridComponent, MarkAreaComponent, MarkLineComponent, TitleComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { digitsFor, readable } from "../core/detect/explanation.ts";
import { LARGEST } from "../core/message/alert-chart.ts";
import type { AlertChart, ChartBand, ChartLine } from "../core/message/alert-chart.ts";
import { timeTicks } from "../core/message/time-ticks.ts";
import type { ChartSize } from "../ports/charts.ts";

/** The family that PNGs are painted with, and what is nearest to it where somebody else shows the SVG. */
const FONT = "DejaVu Sans, Verdana, sans-serif";
const INK = "#1f2933";
const PALE_INK = "#5f6c7b";
const GRID = "#e4e7eb";
const LINE = "#2563eb";
const PALE_LINE = "#b6c8ee";
const BAND = "#94a3b8";
const LIMIT = "#b45309";
const SEVERITY = { warning: "#d97706", critical: "#dc2626" } as const;
const ENDED = "#15803d";

const TITLE_SIZE = 14;
const TEXT_SIZE = 11;
const MARGIN = 12;
/** Above the plot: title, caption, note, and the names of marks. */
const HEAD = 78;
/** Below it: two lines of times, and what the line is. */
const FOOT = 56;
/** What a label of the time axis takes, with room beside it. */
const TICK_WIDTH = 64;
/** The widest texts of the value axis. */
const VALUES_WIDTH = 84;
/** Room beside the values, below and above. */
const BESIDE: [string, string] = ["6%", "8%"];
/** A band that reaches further than so many times what else is drawn is cut. */
const MOST_OF_BAND = 1;

echarts.use([LineChart, GridComponent, MarkAreaComponent, MarkLineComponent, TitleComponent, SVGRenderer]);
// There is no canvas to measure on.
echarts.setPlatformAPI({
  measureText(text, font = "") {
    const size = Number(/(\d+)px/.exec(font)?.[1] ?? TEXT_SIZE);
    return { width: textWidth(text) * size * (font.includes("bold") ? BOLDER : 1) };
  },
});

/** Draws a chart as an SVG document of its own, without scripts and without anything outside of it. */
export function chartSvg(chart: AlertChart, { width, height }: ChartSize): string {
  const drawing = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    const room = width - 2 * MARGIN;
    const ticks = timeTicks(chart, chart.timezone, Math.max(2, Math.floor((room - VALUES_WIDTH) / TICK_WIDTH)));
    const texts = new Map(ticks.map(({ at, text }) => [at, text]));
    const [low, high] = extent(chart);
    const reach = reachOfBand([low, high]);
    const lowest = Math.min(low, ...(chart.band?.lo ?? []).map((value) => Math.max(reach[0], value!)));
    const digits = digitsFor(Math.max(Math.abs(low), Math.abs(high)), (high - low) / 5);
    drawing.setOption({
      animation: false,
      useUTC: true,
      backgroundColor: "#ffffff",
      textStyle: { fontFamily: FONT, fontSize: TEXT_SIZE, color: INK },
      title: [
        headline(chart.title, 10, TITLE_SIZE, "bold", INK, room),
        headline(chart.caption, 30, TEXT_SIZE, "normal", INK, room),
        headline(chart.note, 46, TEXT_SIZE, "normal", PALE_INK, room),
        headline(footText(chart), height - 20, TEXT_SIZE, "normal", PALE_INK, room),
      ],
      grid: { left: MARGIN, right: MARGIN + 12, top: HEAD, bottom: FOOT - 30, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: {
        type: "time",
        min: chart.from,
        max: chart.to,
        axisLine: { onZero: false, lineStyle: { color: PALE_INK } },
        axisTick: { customValues: ticks.map(({ at }) => at) },
        axisLabel: {
          customValues: ticks.map(({ at }) => at),
          formatter: (at: number) => texts.get(at) ?? "",
          color: PALE_INK,
          fontSize: TEXT_SIZE,
          lineHeight: 13,
          hideOverlap: true,
        },
      },
      yAxis: {
        type: "value",
        scale: true,
        boundaryGap: BESIDE,
        // What is never negative is not given room for it.
        ...(lowest >= 0 && lowest < (high - lowest) / 4 ? { min: 0 } : {}),
        ...(high <= 0 && -high < (high - low) / 4 ? { max: 0 } : {}),
        splitNumber: height < 240 ? 3 : 4,
        axisLabel: { formatter: (value: number) => readable(value, digits), color: PALE_INK, fontSize: TEXT_SIZE },
        splitLine: { lineStyle: { color: GRID } },
      },
      series: [
        ...(chart.band === null ? [] : bandSeries(chart.band, reach)),
        ...(chart.raw === null ? [] : [lineSeries(chart.raw, PALE_LINE, 1)]),
        lineSeries(chart.line, LINE, 1.8),
        ...chart.limits.map((limit) => limitSeries(limit, chart, room - VALUES_WIDTH)),
        ...episodeSeries(chart, room - VALUES_WIDTH),
      ],
    });
    return drawing.renderToSVGString();
  } finally {
    drawing.dispose();
  }
}

/** What the line and the area are, and whose clock the axis shows. */
function footText({ lineText, band, raw, timezone, line, leftOut }: AlertChart): string {
  const beyond = leftOut === 0 ? [] : [`${leftOut} ${leftOut === 1 ? "point" : "points"} beyond ${LARGEST}, not drawn`];
  const behind = raw === null ? "" : ", points pale";
  const drawn = line.timestamps.length > 0 ? [`Line: ${lineText}${behind}`] : leftOut === 0 ? ["No points in this time"] : [];
  const grey = band === null ? [] : [`grey: ${band.text}`];
  return [...drawn, ...beyond, ...grey, `times in ${timezone}`].join("  ·  ");
}

function headline(text: string, top: number, fontSize: number, fontWeight: "bold" | "normal", color: string, width: number) {
  return { text, top, left: MARGIN, padding: 0, textStyle: { fontFamily: FONT, fontSize, fontWeight, color, width, overflow: "truncate" } };
}

/** The values that have to be seen. */
function extent({ line, raw, limits, fired }: AlertChart): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  const seen = [...line.values, ...(raw?.values ?? []), ...limits.map(({ value }) => value), fired?.value ?? null];
  for (const value of seen) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  return low === high ? [low - Math.max(1, Math.abs(low) / 10), high + Math.max(1, Math.abs(high) / 10)] : [low, high];
}

/** How far a band is drawn; one of what is never negative ends at 0. */
function reachOfBand([low, high]: readonly [number, number]): [number, number] {
  const more = MOST_OF_BAND * (high - low);
  return [low >= 0 ? Math.max(0, low - more) : low - more, high + more];
}

/** A line, and a dot for each point that has no neighbour to be joined with. */
function lineSeries({ timestamps, values }: ChartLine, color: string, width: number): LineSeriesOption {
  const isAlone = (row: number) => values[row] !== null && (values[row - 1] ?? null) === null && (values[row + 1] ?? null) === null;
  return {
    type: "line",
    silent: true,
    symbol: "none",
    showAllSymbol: true,
    lineStyle: { color, width, join: "round" },
    itemStyle: { color },
    data: timestamps.map((at, row) => ({ value: [at, values[row]!], ...(isAlone(row) ? { symbol: "circle", symbolSize: 4 } : {}) })),
  };
}

/** The range that was expected, from two lines of which the second lies on the first; and the middle of it. */
function bandSeries({ timestamps, lo, hi, expected }: ChartBand, [low, high]: readonly [number, number]): LineSeriesOption[] {
  const cut = (value: number) => Math.min(high, Math.max(low, value));
  const edge = (values: readonly number[], more: LineSeriesOption): LineSeriesOption => ({
    type: "line",
    silent: true,
    symbol: "none",
    stack: "band",
    stackStrategy: "all",
    lineStyle: { opacity: 0 },
    data: timestamps.map((at, row) => [at, values[row]!]),
    ...more,
  });
  const floor = lo.map((value) => cut(value!));
  const middle = { timestamps, values: expected.map((value) => (value === null ? null : cut(value))) };
  return [
    edge(floor, {}),
    edge(
      hi.map((value, row) => cut(value!) - floor[row]!),
      { areaStyle: { color: BAND, opacity: 0.28 } },
    ),
    { ...lineSeries(middle, BAND, 1), lineStyle: { color: BAND, width: 1, type: "dashed" } },
  ];
}

/** A level across the plot, named at the left end; what ends the alert at the right one, on the other side of its line. */
function limitSeries(
  { kind, value, text, isAbove }: AlertChart["limits"][number],
  { from, to }: AlertChart,
  width: number,
): LineSeriesOption {
  const isThreshold = kind === "threshold";
  const label = {
    formatter: () => text,
    position: `inside${isThreshold ? "Start" : "End"}${isAbove ? "Top" : "Bottom"}` as const,
    color: LIMIT,
    fontSize: TEXT_SIZE,
    fontFamily: FONT,
    textBorderColor: "#ffffff",
    textBorderWidth: 3,
    ...(textWidth(text) * TEXT_SIZE <= width ? {} : { width, overflow: "truncate" as const }),
    distance: 2,
  };
  // The line itself makes the axis reach it.
  return {
    type: "line",
    silent: true,
    symbol: "none",
    lineStyle: { opacity: 0 },
    data: [
      [from, value],
      [to, value],
    ],
    markLine: {
      silent: true,
      symbol: "none",
      lineStyle: { color: LIMIT, width: 1.2, type: isThreshold ? "solid" : "dashed" },
      // By coordinates: a value on its own would be rounded.
      data: [[{ coord: [from, value], label }, { coord: [to, value] }]],
    },
  };
}

/** A mark of an episode, and on which side of its line it is named. */
interface Mark {
  readonly at: number;
  readonly text: string;
  readonly color: string;
  readonly align: "left" | "right";
}

/** Between the line of a mark and its name. */
const BESIDE_MARK = 3;

/**
 * Where an alert fired and ended: the one is named to the left of its line and the other to the right, so that they never touch. Where there is no room to
 * the right both stand to the left, as one where they would lie over each other.
 * @param width - Of the plot, at least.
 */
function marksOf({ episode: { startedAt, resolvedAt }, severity, from, to }: AlertChart, width: number): readonly Mark[] {
  const pixels = (ms: number) => (ms / (to - from)) * width;
  const room = (text: string) => textWidth(text) * TEXT_SIZE + 2 * BESIDE_MARK;
  const fired: Mark = {
    at: startedAt,
    text: "fired",
    color: SEVERITY[severity],
    align: pixels(startedAt - from) < room("fired") ? "left" : "right",
  };
  if (resolvedAt === null) return [fired];
  const ended: Mark = { at: resolvedAt, text: "ended", color: ENDED, align: "left" };
  const between = pixels(resolvedAt - startedAt);
  if (fired.align === "left")
    return between < room("fired")
      ? [
          { ...fired, text: "" },
          { ...ended, text: "fired, ended" },
        ]
      : [fired, ended];
  if (pixels(to - resolvedAt) >= room("ended")) return [fired, ended];
  const isApart = between >= room("ended");
  return [isApart ? fired : { ...fired, text: "" }, { ...ended, align: "right", text: isApart ? "ended" : "fired, ended" }];
}

/** How long it fired, with a mark where it began and where it ended, and the point that made it fire. */
function episodeSeries(chart: AlertChart, width: number): LineSeriesOption[] {
  const { episode, fired, severity, firedTo } = chart;
  const { pendingAt, startedAt } = episode;
  const color = SEVERITY[severity];
  const mark = ({ at, text, color: markColor, align }: Mark) => ({
    xAxis: at,
    lineStyle: { color: markColor, width: 1.5, type: "solid" as const },
    label: {
      formatter: () => text,
      position: "end" as const,
      align,
      offset: [align === "left" ? BESIDE_MARK : -BESIDE_MARK, 0],
      color: markColor,
      fontSize: TEXT_SIZE,
      fontFamily: FONT,
      distance: 3,
    },
  });
  const area = (from: number, until: number, opacity: number) => [{ xAxis: from, itemStyle: { color, opacity } }, { xAxis: until }];
  return [
    {
      type: "line",
      silent: true,
      symbol: "circle",
      symbolSize: 8,
      showAllSymbol: true,
      lineStyle: { opacity: 0 },
      itemStyle: { color, borderColor: "#ffffff", borderWidth: 1.5 },
      data: fired === null ? [] : [[fired.at, fired.value]],
      markLine: {
        silent: true,
        symbol: "none",
        data: marksOf(chart, width).map(mark),
      },
      markArea: {
        silent: true,
        data: [...(pendingAt < startedAt ? [area(pendingAt, startedAt, 0.06)] : []), area(startedAt, firedTo, 0.14)] as never,
      },
    },
  ];
}

/** How wide letters of DejaVu Sans are, as a share of their size: those of the first set that has them. */
const WIDTHS: readonly (readonly [letters: RegExp, width: number])[] = [
  [/[\u2e80-\uffff]|[^\0-\uffff]/u, 1],
  [/[ijlI.,:;|'()[\] ]/, 0.38],
  [/[mwMW%@]/, 0.97],
  [/[A-Z=+×]/, 0.74],
];
const OTHER_WIDTH = 0.63;
const BOLDER = 1.13;

function textWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += WIDTHS.find(([letters]) => letters.test(letter))?.[1] ?? OTHER_WIDTH;
  return width;
}
