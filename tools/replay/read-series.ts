import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { mergePoints } from "../../shared/core/series/merge.ts";
import type { BadRow } from "../files/cells.ts";
import { parseArchive, rowsOf, seriesNamed } from "./archive.ts";
import { parseCsv } from "./csv.ts";

/** What a file holds of one series: Unix ms and values, shape (n,), ascending, of a time that comes twice the later value. */
export interface ReplaySeries {
  /** The file's name, or the series' in an archive. */
  readonly name: string;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly bad: readonly BadRow[];
  /** Rows that another one with the same time took the place of. */
  readonly repeated: number;
}

/** The names to choose from, where an archive was given without a name, or with one that is not the name of one series. */
export interface Choice {
  readonly choose: readonly string[];
}

/**
 * Reads a series from a CSV, or from an archive of many; either may be gzipped.
 *
 * @param name - Of the series in an archive, or a part that no other name has.
 * @throws Error that says why the file cannot be read, or that there is no point in it.
 */
export async function readSeries(path: string, name: string | undefined): Promise<ReplaySeries | Choice> {
  const text = await readText(path);
  if (!text.trimStart().startsWith("{")) {
    if (name !== undefined) throw new Error("A CSV holds one series: leave --series out.");
    return inOrder(basename(path), parseCsv(text));
  }
  const archive = parseArchive(text);
  const series = name === undefined ? null : seriesNamed(archive, name);
  if (series !== null) return inOrder(series.file, rowsOf(series));
  const names = archive.series.map(({ file }) => file);
  const having = names.filter((one) => one.includes(name ?? ""));
  return { choose: having.length > 0 ? having : names };
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === "ENOENT" ? `There is no file ${path}.` : `${path} cannot be read: ${error.code ?? error.message}.`);
  });
  const isGzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  try {
    return (isGzipped ? gunzipSync(bytes) : bytes).toString("utf8");
  } catch (error) {
    throw new Error(`${path} cannot be inflated.`, { cause: error });
  }
}

function inOrder(name: string, { bad, ...rows }: ReturnType<typeof parseCsv>): ReplaySeries {
  const points = mergePoints([{ seq: 0, ...rows }]);
  if (points.timestamps.length === 0) {
    const [first] = bad;
    throw new Error(`There is no point in ${name}.${first === undefined ? "" : ` Line ${first.line}: ${first.why}.`}`);
  }
  return { name, ...points, bad, repeated: rows.timestamps.length - points.timestamps.length };
}
