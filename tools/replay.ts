import { parseArgs } from "node:util";
import * as v from "valibot";
import { Sensitivity } from "../shared/contract/anomaly.ts";
import type { SelectingRule } from "../shared/contract/rule.ts";
import { MetricKey } from "../shared/contract/series.ts";
import type { WatchedSeries } from "../shared/core/alert/alert-record.ts";
import { simulateRule } from "../shared/core/alert/simulate.ts";
import { LATENESS_MS } from "../shared/core/detect/arrivals.ts";
import { inferFrequency } from "../shared/core/forecast/frequency.ts";
import { oneLine } from "../shared/core/message/plain-text.ts";
import { compileMatchers } from "../shared/core/series/matchers.ts";
import { readLocalConfig } from "../shared/runtime/config.ts";
import { createClient } from "./dev/client.ts";
import type { Client, Metric } from "./dev/client.ts";
import { count, createTerminal } from "./dev/terminal.ts";
import { readAddress, wrongAddress } from "./door/address.ts";
import { readOrg } from "./door/answers.ts";
import { metricKeyOf } from "./files/metric-key.ts";
import { detect, sendPoints } from "./replay/door.ts";
import { readSeries } from "./replay/read-series.ts";
import type { ReplaySeries } from "./replay/read-series.ts";
import { anomalyLines, episodeLines, fileLines } from "./replay/report.ts";
import { defaultRule, readRule } from "./replay/rule.ts";

// Sends a real series through the HTTP door in its own event time, and shows its anomalies and what a rule over them would have told.
// Nothing is delivered of old points, which are history to the live system; newer ones are news to it, and may alert. Ends with 0, with 2 where it was called wrongly, and with 1 otherwise.

const USAGE = `Usage: npm run replay -- FILE [options]

FILE is a CSV of timestamp and value, or an archive of series (JSON, gzipped), such as the Numenta Anomaly Benchmark's data.json.gz.

  --series NAME        of an archive: the series' name, or a part that no other has; without it the names are shown
  --metric KEY         the metric to send it as; by default made of the file's name
  --rule FILE.json     the rule to try, as POST /api/v1/rules takes it; by default an anomaly rule from medium severity on
  --sensitivity N      0 (60 days per false alarm) to 1 (1.7 days), 0.5 by default
  --url URL --key KEY  the system to send it to; by default the one of npm start. The key may be in INTENTVISION_API_KEY instead`;

const OPTIONS = {
  series: { type: "string" },
  metric: { type: "string" },
  rule: { type: "string" },
  sensitivity: { type: "string", default: "0.5" },
  url: { type: "string" },
  key: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

const terminal = createTerminal(process.stdout);

interface Arguments {
  readonly file: string;
  readonly series: string | undefined;
  readonly metric: string | undefined;
  readonly rule: string | undefined;
  readonly url: string | undefined;
  readonly key: string | undefined;
  readonly sensitivity: number;
}

/** @returns The exit code. */
async function main(): Promise<number> {
  const asked = readArguments();
  if ("usage" in asked) {
    say([...(asked.wrong === null ? [] : [asked.wrong, ""]), asked.usage]);
    return asked.wrong === null ? 0 : 2;
  }
  const series = await readSeries(asked.file, asked.series);
  if ("choose" in series) {
    say(["Choose one with --series NAME:", ...series.choose.map((name) => `  ${oneLine(name)}`)]);
    return 2;
  }
  say(fileLines(series));
  const metricKey = asked.metric ?? metricKeyOf(series.name);
  const watched = { metricKey, dimensions: { source: "replay", file: series.name } };
  const rule = asked.rule === undefined ? defaultRule(metricKey) : await readRule(asked.rule);
  if (!picks(rule.selector, watched)) terminal.say("The rule's selector does not pick this series: it is tried all the same.");

  const { url, key } = await readAddress(asked, readLocalConfig());
  terminal.say(`To ${url}`);
  const client = createClient(url, key);
  const org = await readOrg(client);
  await send(client, watched, series);
  const { series: id, ...scored } = await detect(client, { ...watched, sensitivity: asked.sensitivity }, series.timestamps);
  if (id === undefined) throw new Error("It scored no stored series: is this IntentVision's address?");
  say(["", ...anomalyLines(scored.anomalies, scored.timestamps.length), ""]);

  const columns = { timestamps: Float64Array.from(scored.timestamps), values: Float64Array.from(scored.values) };
  const cadence = inferFrequency(columns.timestamps);
  // The last point is evaluated too: at the next multiple of the interval, once the rule has waited for late ones.
  const until = (columns.timestamps.at(-1) ?? 0) + rule.interval + rule.evalDelay;
  const episodes = simulateRule(rule, { ...scored, ...columns, ...watched, id, org: org.id, cadence }, until);
  say(episodeLines(episodes, rule, { ...watched, id }, org.id));
  return 0;
}

async function send(
  client: Client,
  { metricKey, dimensions }: Omit<WatchedSeries, "id">,
  { timestamps, values }: ReplaySeries,
): Promise<void> {
  const news = timestamps.filter((timestamp) => timestamp > Date.now() - LATENESS_MS).length;
  if (news > 0) terminal.say(`The running system takes ${count(news, "point")} for news, because they are so new, and may alert.`);
  const metrics = Array.from(timestamps, (timestamp, row): Metric => ({ metricKey, timestamp, value: values[row]!, dimensions }));
  const progress = terminal.progress("Sending", metrics.length, "point");
  const { accepted, rejected, errors } = await sendPoints(client, metrics, progress.update);
  progress.done();
  if (rejected > 0) say([`${count(rejected, "point")} refused, such as one whose ${errors[0]?.path} is wrong: ${errors[0]?.message}.`]);
  if (accepted === 0) throw new Error("None of its points was accepted.");
}

function readArguments(): Arguments | { readonly usage: string; readonly wrong: string | null } {
  const wrong = (why: string | null) => ({ usage: USAGE, wrong: why });
  try {
    const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
    const { help, sensitivity, series, metric, rule, url, key } = values;
    if (help) return wrong(null);
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) return wrong("Give one FILE.");
    if (metric !== undefined && !v.is(MetricKey, metric))
      return wrong("--metric: a letter or _, then up to 199 letters, digits and _ . : / -.");
    if (sensitivity === "" || !v.is(Sensitivity, Number(sensitivity))) return wrong("--sensitivity: a number from 0 to 1.");
    const wrongly = wrongAddress({ url, key }, readLocalConfig());
    if (wrongly !== null) return wrong(wrongly);
    return { file, series, metric, rule, url, key, sensitivity: Number(sensitivity) };
  } catch (error) {
    return wrong(messageOf(error));
  }
}

/** Whether a rule would look at a series. */
function picks({ metricKey, matchers }: SelectingRule["selector"], series: Omit<WatchedSeries, "id">): boolean {
  const compiled = compileMatchers(matchers);
  return metricKey === series.metricKey && compiled.ok && compiled.value(series.dimensions);
}

function say(lines: readonly string[]): void {
  terminal.say(lines.join("\n"));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  return 1;
});
