import { isObject, nonsense } from "./timegpt-call.ts";

export interface Columns {
  readonly mean: Float64Array;
  /** One a level, in the order asked for. */
  readonly intervals: readonly { readonly lo: Float64Array; readonly hi: Float64Array }[];
}

/** The columns of an answer, all series behind each other; what is no number is NaN. @throws TimegptFailure when one is missing or of another length. */
export function columnsOf(answer: unknown, rows: number, levels: readonly number[]): Columns {
  const { mean, intervals } = isObject(answer) ? answer : {};
  const named = isObject(intervals) ? Object.entries(intervals) : [];
  // 80 may come back as lo-80 or lo-80.0.
  const bound = (side: string, level: number) =>
    named.find(([name]) => name.startsWith(`${side}-`) && Number(name.slice(side.length + 1)) === level)?.[1];
  return {
    mean: columnOf(mean, rows, "mean"),
    intervals: levels.map((level) => ({
      lo: columnOf(bound("lo", level), rows, `lo-${level}`),
      hi: columnOf(bound("hi", level), rows, `hi-${level}`),
    })),
  };
}

export function columnOf(column: unknown, rows: number, name: string): Float64Array {
  if (!Array.isArray(column)) throw nonsense(`without ${name}`);
  if (column.length !== rows) throw nonsense(`${column.length} rows of ${name} instead of ${rows}`);
  return Float64Array.from(column, (value: unknown) => (typeof value === "number" ? value : NaN));
}

export const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;
