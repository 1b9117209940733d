import { parseArgs } from "node:util";
import { environment, readLocalConfig } from "../shared/runtime/config.ts";
import { createClient } from "./dev/client.ts";
import { createTerminal } from "./dev/terminal.ts";
import { readAddress, wrongAddress } from "./door/address.ts";
import { applyPlan } from "./monitors/apply.ts";
import { planMonitors } from "./monitors/plan.ts";
import { compareConfigs, isTree, readPresent } from "./monitors/present.ts";
import { readDirectory } from "./monitors/read.ts";
import { namesOf, stepLines, summaryLines } from "./monitors/report.ts";

// Brings rules, routes, mute windows, inhibitions and channels to what a directory of YAML files says. `diff` ends with 0 where all is so,
// and with 1 where not; `apply` ends with 0 once it is. Both end with 2 where they failed.

const USAGE = `Usage: npm run monitors -- diff|apply DIRECTORY [options]

DIRECTORY holds YAML files with channels, routes, muteWindows, inhibitions and rules (docs/monitors-as-code.md).

  diff     says what would change, and changes nothing
  apply    does it

  --prune              deletes what is not in the directory
  --url URL --key KEY  the system to speak to; by default the one of npm start. They may be in INTENTVISION_URL and INTENTVISION_API_KEY instead`;

const OPTIONS = {
  prune: { type: "boolean", default: false },
  url: { type: "string" },
  key: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

const DIFFERS = 1;
const FAILED = 2;

const terminal = createTerminal(process.stdout);
const say = (lines: readonly string[]) => lines.forEach((line) => terminal.say(line));

/** @returns The exit code. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [act, directory, ...more] = positionals;
  const config = readLocalConfig();
  const asked = { url: values.url ?? config.url, key: values.key };
  if (values.help) {
    say([USAGE]);
    return 0;
  }
  if ((act !== "diff" && act !== "apply") || directory === undefined || more.length > 0)
    throw new Error(`Give diff or apply, and one DIRECTORY.\n\n${USAGE}`);
  const wrongly = wrongAddress(asked, config);
  if (wrongly !== null) throw new Error(wrongly);

  const wanted = await readDirectory(directory, environment());
  const { url, key } = await readAddress(asked, config);
  const client = createClient(url, key);
  const all = await readPresent(client);
  const isAsked = wanted.some(({ kind }) => kind === "routes");
  // A tree that says nothing is there always; it is no tree to be deleted.
  const present = all.filter((one) => one.kind !== "routes" || isAsked || isTree(one));
  const configChanges = await compareConfigs(client, wanted, present);
  const plan = planMonitors(wanted, { present, configChanges, prune: values.prune });
  const names = namesOf(wanted, present);
  if (act === "diff") {
    for (const step of plan.steps) say(stepLines(step, names));
    say(summaryLines(plan, false));
    return plan.steps.length === 0 ? 0 : DIFFERS;
  }
  await applyPlan(plan, present, client, (step) => say(stepLines(step, names)));
  say(summaryLines(plan, true));
  return 0;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return FAILED;
});
