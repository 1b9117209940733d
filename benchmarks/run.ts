import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import { insertBetweenMarks } from "../tools/generate/marks.ts";
import { accuracy } from "./accuracy/accuracy.ts";
import { alerting } from "./alerting/alerting.ts";
import { coldStart } from "./cold-start/cold-start.ts";
import { detection } from "./detection/detection.ts";
import { journey } from "./journey/journey.ts";
import { load } from "./load/load.ts";
import { performanceSection, textTable, thisMachine } from "./report.ts";
import type { Report } from "./report.ts";
import { volume } from "./volume/volume.ts";

// Runs the benchmarks that are named, or all of them: prints the table of each and writes results/<name>.json, then the README's section.

const BENCHMARKS = [accuracy, detection, load, volume, alerting, coldStart, journey];
const RESULTS = new URL("results/", import.meta.url);
const README = new URL("../README.md", import.meta.url);

const names = process.argv.slice(2);
const unknown = names.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  throw new Error(`There is no benchmark ${unknown.join(", ")}. There are ${BENCHMARKS.map(({ name }) => name).join(", ")}.`);
}

const say = (text: string) => void process.stdout.write(`${text}\n`);
await mkdir(RESULTS, { recursive: true });
for (const { name, about, run } of BENCHMARKS) {
  if (names.length > 0 && !names.includes(name)) continue;
  say(`\n${name}: ${about}.`);
  const rows = await run(say);
  say(`\n${textTable(rows)}`);
  const report: Report = { name, at: new Date().toISOString(), machine: thisMachine(), rows };
  await writeFormatted(new URL(`${name}.json`, RESULTS), JSON.stringify(report));
}
const files = (await readdir(RESULTS)).filter((file) => file.endsWith(".json"));
const reports = await Promise.all(files.map(async (file) => JSON.parse(await readFile(new URL(file, RESULTS), "utf8")) as Report));
await writeFormatted(README, insertBetweenMarks(await readFile(README, "utf8"), "performance", performanceSection(reports)));

async function writeFormatted(file: URL, text: string): Promise<void> {
  const options = await resolveConfig(file);
  await writeFile(file, await format(text, { ...options, filepath: file.pathname }));
}
