import { parse } from "csv-parse/sync";
import { parseTime } from "../../shared/contract/time.ts";

/** A row that is left out. `line` counts from 1. */
export interface BadRow {
  readonly line: number;
  readonly why: string;
}

/** Rows as they stand in the file, in its order: shape (n,) each, Unix ms and finite values. */
export interface ParsedRows {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly bad: readonly BadRow[];
}

const TIME_COLUMN = /^(?:timestamp|time|datetime|date|ds)$/i;
const VALUE_COLUMN = /^(?:value|y)$/i;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const WITHOUT_ZONE = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)$/;
const WITH_ZONE = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}\S*)$/;
/** Epochs below this are seconds: as seconds it is the year 5138, as milliseconds it is 1973. */
const LEAST_EPOCH_MS = 1e11;
const SHOWN_CHARACTERS = 40;

/**
 * Reads a CSV of timestamp and value. The header may be missing; where it names them the columns may stand anywhere, else they are the
 * first two. Quotes around a field are dropped; a comma inside of them still parts fields, so that one stray quote costs one row.
 */
export function parseCsv(text: string): ParsedRows {
  const rows = parse(text, {
    bom: true,
    info: true,
    quote: null,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  }) as unknown as { readonly info: { readonly lines: number }; readonly record: readonly string[] }[];

  const columns = columnsOf(rows[0]?.record ?? []);
  const timestamps: number[] = [];
  const values: number[] = [];
  const bad: BadRow[] = [];
  for (const { info, record } of columns.inHeader ? rows.slice(1) : rows) {
    const [time, number] = [unquoted(record[columns.time]), unquoted(record[columns.value])];
    const timestamp = parseTimestamp(time);
    if (timestamp === null) bad.push({ line: info.lines, why: `Expected a time, got ${shown(time)}` });
    else if (!isNumber(number)) bad.push({ line: info.lines, why: `Expected a finite number, got ${shown(number)}` });
    else {
      timestamps.push(timestamp);
      values.push(Number(number));
    }
  }
  return { timestamps: Float64Array.from(timestamps), values: Float64Array.from(values), bad };
}

/**
 * Unix ms of a time as files have it: ISO 8601; `YYYY-MM-DD HH:MM:SS` and the like without a zone, then UTC; a day, then its midnight; or
 * an epoch in seconds or milliseconds.
 *
 * @returns null where it is none of them, or no day of the calendar.
 */
export function parseTimestamp(text: string): number | null {
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const epoch = Number(text);
    return parseTime(Math.round(epoch < LEAST_EPOCH_MS ? epoch * 1_000 : epoch));
  }
  if (DAY.test(text)) return parseTime(`${text}T00:00Z`);
  return parseTime(text.replace(WITHOUT_ZONE, "$1T$2Z").replace(WITH_ZONE, "$1T$2"));
}

/** Where time and value stand. The first row is a header where it holds neither a time nor a number. */
function columnsOf(first: readonly string[]): { readonly time: number; readonly value: number; readonly inHeader: boolean } {
  const names = first.map(unquoted);
  const inHeader = !names.some((name) => isNumber(name) || parseTimestamp(name) !== null);
  const [time, value] = [TIME_COLUMN, VALUE_COLUMN].map((named) => (inHeader ? names.findIndex((name) => named.test(name)) : -1));
  return { time: time! < 0 ? 0 : time!, value: value! < 0 ? 1 : value!, inHeader };
}

const unquoted = (field = ""): string => field.replace(/^"(.*)"$/, "$1").trim();
const isNumber = (text: string): boolean => NUMBER.test(text) && Number.isFinite(Number(text));
const shown = (text: string): string =>
  text === "" ? "nothing" : JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text);
