import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import type { LabelledSeries, NabScores } from "./nab.ts";

/** Series and labels of the Numenta Anomaly Benchmark, which are not ours to ship: a folder beside the project has them. */
const DATA = new URL("../../../shared/data/nab/", import.meta.url);
/** What published detectors get for the same series. */
const ANCHORS = new URL("../../../shared/scoring/nabscore/anchors.json", import.meta.url);

/** Says why rows are left out, and what would bring them. */
export const NAB_MISSING = `There is no ${DATA.pathname}: it holds half of the Numenta Anomaly Benchmark, and its rows are left out.`;

export const isNabThere = (): boolean => existsSync(DATA) && existsSync(ANCHORS);

/** The series of the half at hand: 29 of them with 62 windows. */
export async function readNab(): Promise<LabelledSeries[]> {
  interface Packed {
    readonly series: readonly { file: string; t0: number; dt: readonly number[]; v: readonly number[] }[];
  }
  const { series } = JSON.parse(gunzipSync(await readFile(new URL("data.json.gz", DATA))).toString()) as Packed;
  const labels = JSON.parse(await readFile(new URL("labels.json", DATA), "utf8")) as Record<string, [number, number][]>;
  return series.map(({ file, t0, dt, v }) => {
    const timestamps = Float64Array.of(t0, ...dt);
    for (let row = 1; row < timestamps.length; row++) timestamps[row]! += timestamps[row - 1]!;
    return { file, timestamps, values: Float64Array.from(v), windows: labels[file]! };
  });
}

/** The scores of published detectors by their name. Python wrote the file: where one found no threshold, it is not JSON. */
export const readAnchors = async (): Promise<Record<string, NabScores>> =>
  JSON.parse((await readFile(ANCHORS, "utf8")).replaceAll(/: -?Infinity\b/g, ": null")) as Record<string, NabScores>;
