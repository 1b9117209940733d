import { cpus, totalmem } from "node:os";

/** One measure of a benchmark. */
export interface Row {
  readonly measure: string;
  readonly value: number;
  /** A rate ends in `/s` or `/CPU-s`, and more of it is better; of all else less is. */
  readonly unit: string;
  /** The same measure of something bare, taken in the same run. */
  readonly anchor?: { readonly name: string; readonly value: number };
  /** Value by anchor. */
  readonly ratio?: number;
  /** What the value must reach, or stay under; or the first and the last value that will do. */
  readonly bar?: number | readonly [number, number];
}

/** What a benchmark writes to results/<name>.json. */
export interface Report {
  readonly name: string;
  /** ISO 8601. */
  readonly at: string;
  readonly machine: string;
  readonly rows: readonly Row[];
}

/** A benchmark: its name is that of its folder and of its results. */
export interface Benchmark {
  readonly name: string;
  /** What is measured, and how, in a sentence. */
  readonly about: string;
  /** @param say - Tells whoever waits what is going on. */
  run(say: (text: string) => void): Promise<Row[]>;
}

/** A row; its ratio follows from its anchor. */
export function row(measure: string, value: number, unit: string, { anchor, bar }: Pick<Row, "anchor" | "bar"> = {}): Row {
  return {
    measure,
    value: round(value),
    unit,
    ...(anchor === undefined ? {} : { anchor: { name: anchor.name, value: round(anchor.value) }, ratio: round(value / anchor.value) }),
    ...(bar === undefined ? {} : { bar }),
  };
}

/** Four digits say all that a run knows. */
const round = (value: number): number => Number(value.toPrecision(4));

const isRate = (unit: string): boolean => /\/(CPU-)?s$/.test(unit);

/** A page shows so many rows of a report; the rest are in its file. */
const MOST_SHOWN = 10;

const COLUMNS = ["measure", "value", "anchor", "ratio", "bar"] as const;

/** The rows as people read them, under the names of the columns. */
function cells(rows: readonly Row[]): string[][] {
  const text = rows.map(({ measure, value, unit, anchor, ratio, bar }) => [
    measure,
    `${number(value)} ${unit}`.trimEnd(),
    anchor === undefined ? "" : `${number(anchor.value)}: ${anchor.name}`,
    ratio === undefined ? "" : number(ratio),
    bar === undefined ? "" : barText(value, unit, bar),
  ]);
  return [[...COLUMNS], ...text];
}

function barText(value: number, unit: string, bar: number | readonly [number, number]): string {
  if (typeof bar !== "number") {
    const [least, most] = bar;
    return `${number(least)} to ${number(most)}: ${value >= least && value <= most ? "met" : "missed"}`;
  }
  const met = isRate(unit) ? value >= bar : value <= bar;
  return `${isRate(unit) ? "at least" : "at most"} ${number(bar)}: ${met ? "met" : "missed"}`;
}

const number = (value: number): string => value.toLocaleString("en", { maximumSignificantDigits: 4 });

/** A table for the terminal. */
export function textTable(rows: readonly Row[]): string {
  const table = cells(rows);
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A table for a page. */
export function markdownTable(rows: readonly Row[]): string {
  const [head, ...body] = cells(rows).map((line) => `| ${line.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [head, `|${" --- |".repeat(COLUMNS.length)}`, ...body].join("\n");
}

/** The README's section on performance: the first rows of each report. */
export function performanceSection(reports: readonly Report[]): string {
  const parts = reports
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ name, at, machine, rows }) => {
      const more = rows.length > MOST_SHOWN ? `, and ${rows.length - MOST_SHOWN} rows more` : "";
      const heading = `[${name}](benchmarks/results/${name}.json)${more}: ${at.slice(0, 10)} on ${machine}`;
      return `${heading}\n\n${markdownTable(rows.slice(0, MOST_SHOWN))}`;
    });
  return parts.join("\n\n");
}

export const thisMachine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
