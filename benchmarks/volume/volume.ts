import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { row } from "../report.ts";
import type { Benchmark } from "../report.ts";
import { READ_POINTS } from "./fill.ts";
import type { VolumeMeasures } from "./fill.ts";

const POINTS = 100_000_000;
/** The slowest fifth may fall behind the fastest by so much. */
const FLAT = 0.9;

export const volume: Benchmark = {
  name: "volume",
  about: `${POINTS / 1e6} million points of 1,000 series into one database, appended and compacted as they come; then reading all over them`,

  async run(say) {
    say("This takes some minutes.");
    const folder = await mkdtemp(join(tmpdir(), "intentvision-volume-"));
    try {
      const script = fileURLToPath(new URL("fill.ts", import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [script, join(folder, "volume.db"), String(POINTS)]);
      const { rates, bytesAPoint, readMs } = JSON.parse(stdout) as VolumeMeasures;
      const [slowest, fastest] = [Math.min(...rates), Math.max(...rates)];
      return [
        row("Appended and compacted, the slowest fifth", slowest, "points/CPU-s", {
          anchor: { name: "the fastest fifth", value: fastest },
          bar: FLAT * fastest,
        }),
        row("A point", bytesAPoint, "bytes", { anchor: { name: "two doubles", value: 16 }, bar: 4.4 }),
        row(`Reading ${READ_POINTS.toLocaleString("en")} points of a series, storage`, readMs, "ms", { bar: 2 }),
      ];
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
