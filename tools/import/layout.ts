import { metricTime } from "../../shared/contract/ingest.ts";
import { nameSeries } from "../../shared/core/ingest/names.ts";
import type { SeriesName } from "../../shared/core/ingest/names.ts";
import { isNumber, notANumber, notATime, parseTimestamp, TIME_COLUMN, VALUE_COLUMN } from "../files/cells.ts";
import { metricKeyOf } from "../files/metric-key.ts";
import { delimiterOf, splitCells } from "./cells.ts";
import { jsonRow } from "./json-row.ts";

export const FORMATS = ["wide", "long", "jsonl"] as const;
export type Format = (typeof FORMATS)[number];

/** How a file is to be read, as far as somebody said. */
export interface AskedLayout {
  readonly format: Format | undefined;
  /** The metric of all values. */
  readonly metric: string | undefined;
  /** The dimension that tells the columns of a wide file apart, where they have one metric. */
  readonly dimension: string | undefined;
  /** The column of times. */
  readonly time: string | undefined;
}

/** A point to send. */
export interface RowPoint {
  /** As the door takes it. */
  readonly metric: unknown;
  /** What tells its series from others. */
  readonly series: string;
  /** Unix ms; NaN where only the door can tell that it is none. */
  readonly timestamp: number;
  /** Of about so many characters of JSON. */
  readonly characters: number;
}

/** What became of a part of a row: a point, or why it is none. */
export type RowPart = RowPoint | { readonly why: string };

/** How the rows of a file are read. */
export interface Layout {
  readonly format: Format;
  readonly hasHeader: boolean;
  /** Always the same for the same text. An empty cell of a wide file is no part. */
  readonly read: (text: string) => readonly RowPart[];
}

const METRIC_COLUMN = /^(?:metric|metric_?key|metric_?name|__name__)$/i;
const DEFAULT_DIMENSION = "column";
const KNOWN_SERIES = 100_000;
/** Of a metric beside its key and its dimensions. */
const OTHER_CHARACTERS = 100;

/**
 * Sees how a file is to be read by its first line.
 *
 * @param name - Of the file, which a single column of values is named after; null where it has none.
 * @throws Error that says what to do, where it cannot be told.
 */
export function layoutOf(first: string, asked: AskedLayout, name: string | null): Layout {
  const text = first.trim();
  if (asked.format === "jsonl" || (asked.format === undefined && text.startsWith("{"))) {
    if (asked.metric !== undefined) throw new Error("JSON Lines name their metrics: leave --metric out.");
    return { format: "jsonl", hasHeader: false, read: jsonRow };
  }
  if (asked.format === undefined && text.startsWith("[")) throw new Error("It is JSON, but not one metric a line (JSON Lines).");

  const delimiter = delimiterOf(first);
  const names = splitCells(first, delimiter);
  if (names === null) throw new Error("The quotes of its first line do not pair.");
  const time = timeColumn(names, asked.time);
  const columns: Columns = { names, time, cells: rowReader(names.length, delimiter) };
  if (parseTimestamp(names[time]!) !== null) return withoutHeader(columns, asked, name);
  const isLong = names.some((column) => METRIC_COLUMN.test(column)) && names.some((column) => VALUE_COLUMN.test(column));
  return asked.format === "long" || (asked.format === undefined && isLong) ? longLayout(columns, asked) : wideLayout(columns, asked, name);
}

interface Columns {
  readonly names: readonly string[];
  /** Of the column of times. */
  readonly time: number;
  /** Of a row; or what is wrong with it. */
  readonly cells: (text: string) => readonly string[] | string;
}

function timeColumn(names: readonly string[], asked: string | undefined): number {
  if (asked === undefined)
    return Math.max(
      0,
      names.findIndex((column) => TIME_COLUMN.test(column)),
    );
  const found = names.indexOf(asked);
  if (found === -1) throw new Error(`It has no column ${JSON.stringify(asked)}.`);
  return found;
}

function withoutHeader({ names, time, cells }: Columns, asked: AskedLayout, name: string | null): Layout {
  if (names.length !== 2 || asked.format === "long") {
    throw new Error("Its first line holds a time, and not the names of its columns: write them into a line before it.");
  }
  return wideLayout({ names: ["time", "value"], time, cells }, asked, name, false);
}

function wideLayout({ names, time, cells }: Columns, asked: AskedLayout, name: string | null, hasHeader = true): Layout {
  const columns = names.flatMap((column, index) => (index === time ? [] : [{ column, index }]));
  if (columns.length === 0) throw new Error("It has a single column: one of times and one or more of values are needed.");
  const unnamed = columns.find(({ column }) => column === "");
  if (unnamed !== undefined) throw new Error(`Its column ${unnamed.index + 1} has no name.`);
  const named = columns.map(({ column, index }) => ({ column, index, named: seriesOfColumn(column, columns.length === 1, asked, name) }));
  const twice = named.find((one, at) => named.findIndex((other) => other.named.series === one.named.series) < at);
  if (twice !== undefined) throw new Error(`Two of its columns are one series: ${JSON.stringify(twice.column)} and one before it.`);

  const readTime = timeReader();
  return {
    format: "wide",
    hasHeader,
    read(text) {
      const row = text === "" ? [] : cells(text);
      if (typeof row === "string") return [{ why: row }];
      if (row.length === 0) return [];
      const timestamp = readTime(row[time]!);
      if (timestamp === null) return [{ why: notATime(row[time]!) }];
      const parts: RowPart[] = [];
      for (const { column, index, named: series } of named) {
        const cell = row[index]!;
        if (cell === "") continue;
        if (!isNumber(cell)) parts.push({ why: `${column}: ${notANumber(cell)}` });
        else parts.push(pointOf(series, timestamp, Number(cell)));
      }
      return parts;
    },
  };
}

function seriesOfColumn(column: string, isOnly: boolean, { metric, dimension }: AskedLayout, file: string | null): Named {
  if (metric !== undefined) {
    const labels: [string, string][] = isOnly && dimension === undefined ? [] : [[dimension ?? DEFAULT_DIMENSION, column]];
    return namedOrThrow(metric, labels, column);
  }
  if (dimension !== undefined) throw new Error("--dimension tells the columns of one metric apart: it needs its --metric.");
  if (!isOnly || !VALUE_COLUMN.test(column)) return namedOrThrow(column, [], column);
  if (file === null) throw new Error("Its values have no name: give one with --metric.");
  return namedOrThrow(metricKeyOf(file), [], column);
}

function namedOrThrow(metric: string, labels: readonly (readonly [string, string])[], column: string): Named {
  const named = nameSeries(metric, labels);
  if (!named.ok) throw new Error(`Its column ${JSON.stringify(column)} names no series: ${named.error}.`);
  return withKey(named.value);
}

function longLayout({ names, time, cells }: Columns, asked: AskedLayout): Layout {
  if (asked.dimension !== undefined) throw new Error("--dimension is for wide files: the other columns of a long one are its dimensions.");
  const value = names.findIndex((column) => VALUE_COLUMN.test(column));
  if (value === -1) throw new Error("It has no column named value.");
  const metric = names.findIndex((column) => METRIC_COLUMN.test(column));
  if (metric === -1 && asked.metric === undefined) throw new Error("It has no column named metric: name its metric with --metric.");
  if (metric !== -1 && asked.metric !== undefined) throw new Error("It has a column of metrics: leave --metric out.");
  const labels = names.flatMap((column, index) => (index === time || index === value || index === metric ? [] : [{ column, index }]));

  const readTime = timeReader();
  const known = new Map<string, Named | string>();
  const seriesOf = (row: readonly string[]): Named | string => {
    const called = asked.metric ?? row[metric]!;
    const key = [called, ...labels.map(({ index }) => row[index]!)].join("\0");
    const found = known.get(key);
    if (found !== undefined) return found;
    const named = nameSeries(
      called,
      labels.map(({ column, index }) => [column, row[index]!]),
    );
    const series = named.ok ? withKey(named.value) : named.error;
    if (known.size === KNOWN_SERIES) known.clear();
    known.set(key, series);
    return series;
  };
  return {
    format: "long",
    hasHeader: true,
    read(text) {
      const row = text === "" ? [] : cells(text);
      if (typeof row === "string") return [{ why: row }];
      if (row.length === 0) return [];
      const timestamp = readTime(row[time]!);
      if (timestamp === null) return [{ why: notATime(row[time]!) }];
      if (!isNumber(row[value]!)) return [{ why: notANumber(row[value]!) }];
      const named = seriesOf(row);
      if (typeof named === "string") return [{ why: named }];
      return [pointOf(named, timestamp, Number(row[value]))];
    },
  };
}

/** A series and what tells it from others. */
interface Named extends SeriesName {
  readonly series: string;
}

const withKey = (name: SeriesName): Named => ({
  ...name,
  series: JSON.stringify([name.metricKey, Object.entries(name.dimensions)]),
});

const pointOf = ({ metricKey, dimensions, series }: Named, timestamp: number, value: number): RowPoint => ({
  metric: { metricKey, timestamp: metricTime(timestamp), value, dimensions },
  series,
  timestamp,
  characters: series.length + OTHER_CHARACTERS,
});

/** Reads the cells of a row, of which there are as many as columns. A row of nothing but spaces has none. */
function rowReader(columns: number, delimiter: string): Columns["cells"] {
  return (text) => {
    const row = splitCells(text, delimiter);
    if (row === null) return "Expected its quotes in pairs";
    if (row.length === columns) return row;
    return row.length === 1 && row[0] === "" ? [] : `Expected ${columns} cells, got ${row.length}`;
  };
}

/** Many rows in a row have one time. */
function timeReader(): typeof parseTimestamp {
  let [last, lastTime]: [string, number | null] = ["", null];
  return (text) => {
    if (text !== last) [last, lastTime] = [text, parseTimestamp(text)];
    return lastTime;
  };
}
