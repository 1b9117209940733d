import * as v from "valibot";
import type { ParsedRows } from "./csv.ts";

const numbers = v.array(v.number());
const Series = v.pipe(
  v.object({ file: v.string(), t0: v.number(), dt: numbers, v: numbers }),
  v.check(({ dt, v: values }) => dt.length === Math.max(0, values.length - 1), "Expected a distance for each row but the last"),
);
/** Many series in one file. `t0`: epoch seconds of the first row; `dt`: seconds from each row to the next; `v`: the values. */
const Archive = v.object({ version: v.literal(1), source: v.string(), series: v.array(Series) });
export type Archive = v.InferOutput<typeof Archive>;

/** @throws Error that says what is wrong with it. */
export function parseArchive(text: string): Archive {
  const parsed = v.safeParse(Archive, jsonOf(text), { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Error(`It is no archive of series: ${v.getDotPath(issue) ?? "it"}: ${issue.message}`);
}

/** The series of a name: that of just this name, or the only one whose name has it as a part. null where none or several have. */
export function seriesNamed({ series }: Archive, name: string): Archive["series"][number] | null {
  const exact = series.find(({ file }) => file === name);
  if (exact !== undefined) return exact;
  const having = series.filter(({ file }) => file.includes(name));
  return having.length === 1 ? having[0]! : null;
}

export function rowsOf({ t0, dt, v: values }: Archive["series"][number]): ParsedRows {
  let seconds = t0;
  const timestamps = Float64Array.from(values, (_, row) => {
    if (row > 0) seconds += dt[row - 1]!;
    return Math.round(seconds * 1_000);
  });
  return { timestamps, values: Float64Array.from(values), bad: [] };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error("It is neither CSV nor an archive: its JSON cannot be read.", { cause: error });
  }
}
