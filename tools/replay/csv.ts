import { parse } from "csv-parse/sync";
import { isNumber, notANumber, notATime, parseTimestamp, TIME_COLUMN, VALUE_COLUMN } from "../files/cells.ts";
import type { BadRow } from "../files/cells.ts";

/** Rows as they stand in the file, in its order: shape (n,) each, Unix ms and finite values. */
export interface ParsedRows {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly bad: readonly BadRow[];
}

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
    if (timestamp === null) bad.push({ line: info.lines, why: notATime(time) });
    else if (!isNumber(number)) bad.push({ line: info.lines, why: notANumber(number) });
    else {
      timestamps.push(timestamp);
      values.push(Number(number));
    }
  }
  return { timestamps: Float64Array.from(timestamps), values: Float64Array.from(values), bad };
}

/** Where time and value stand. The first row is a header where it holds neither a time nor a number. */
function columnsOf(first: readonly string[]): { readonly time: number; readonly value: number; readonly inHeader: boolean } {
  const names = first.map(unquoted);
  const inHeader = !names.some((name) => isNumber(name) || parseTimestamp(name) !== null);
  const [time, value] = [TIME_COLUMN, VALUE_COLUMN].map((named) => (inHeader ? names.findIndex((name) => named.test(name)) : -1));
  return { time: time! < 0 ? 0 : time!, value: value! < 0 ? 1 : value!, inHeader };
}

const unquoted = (field = ""): string => field.replace(/^"(.*)"$/, "$1").trim();
