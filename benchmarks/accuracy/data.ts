import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";

/** Series of competitions and of the Numenta Anomaly Benchmark, which are not ours to ship: a folder beside the project has them. */
const DATA = new URL("../../../shared/data/forecast/", import.meta.url);

/** Says why the benchmark has no rows, and what would bring them. */
export const DATA_MISSING = `There is no ${DATA.pathname}: it holds the series of M4, NN5 and NAB that forecasts are compared on.`;

export const isThere = (): boolean => existsSync(DATA);

/** Series of one kind, each in two parts. */
export interface Group {
  readonly name: string;
  readonly horizon: number;
  /** Points per cycle that errors are scaled by. */
  readonly seasonLength: number;
  readonly frequencyMs: number;
  readonly series: readonly GroupSeries[];
}

export interface GroupSeries {
  readonly id: string;
  /** What a forecast knows, NaN for gaps. */
  readonly train: Float64Array;
  /** What came, NaN where nobody knows. */
  readonly test: Float64Array;
  /** What the M4 competition's Naive2 said. */
  readonly naive2: Float64Array;
}

const MINUTE = 60_000;
const FREQUENCIES = {
  hourly: 60 * MINUTE,
  weekly: 7 * 1_440 * MINUTE,
  nn5daily: 1_440 * MINUTE,
  ops5m: 5 * MINUTE,
  ops1h: 60 * MINUTE,
  ops5m_long: 5 * MINUTE,
};
export type GroupName = keyof typeof FREQUENCIES;
export const GROUPS = Object.keys(FREQUENCIES) as GroupName[];

export async function readGroup(name: GroupName): Promise<Group> {
  const meta = JSON.parse(await readFile(new URL("meta.json", DATA), "utf8")) as Record<GroupName, { m: number; h: number }>;
  const [train, test, naive2] = await Promise.all(["train", "test", "naive2"].map((part) => readTable(`${name}_${part}.csv.gz`)));
  return {
    name,
    horizon: meta[name].h,
    seasonLength: meta[name].m,
    frequencyMs: FREQUENCIES[name],
    series: [...train!].map(([id, values]) => ({ id, train: values, test: test!.get(id)!, naive2: naive2!.get(id)! })),
  };
}

/** Rows `id,v1,v2,...`; NA is a gap. */
async function readTable(file: string): Promise<Map<string, Float64Array>> {
  const text = gunzipSync(await readFile(new URL(file, DATA))).toString();
  const rows = text.trim().split("\n");
  return new Map(
    rows.map((row) => {
      const [id, ...values] = row.split(",");
      return [id!, Float64Array.from(values, (value) => (value === "NA" ? NaN : Number(value)))];
    }),
  );
}
