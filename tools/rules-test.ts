import { parseArgs } from "node:util";
import { readRuleTests } from "./rule-tests/read.ts";
import { isPassed, resultLines } from "./rule-tests/report.ts";
import { runRuleTests } from "./rule-tests/run.ts";

// Runs rule tests, in the format of promtool's. Ends with 0 where all that was expected is so, with 1 where not, and with 2 where it was
// called wrongly or a file cannot be read.

const USAGE = `Usage: npm run rules:test -- FILE...

Each FILE holds tests of alert rules, in the format of "promtool test rules" (docs/rule-tests.md).`;

/** @returns The exit code. */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean", default: false } } });
  if (values.help || positionals.length === 0) {
    say([USAGE]);
    return values.help ? 0 : 2;
  }
  let failed = false;
  for (const path of positionals) {
    const { file, rules } = await readRuleTests(path);
    const results = runRuleTests(file, rules);
    failed ||= !results.every(isPassed);
    say(resultLines(path, results));
  }
  return failed ? 1 : 0;
}

const say = (lines: readonly string[]) => void process.stdout.write(lines.map((line) => `${line}\n`).join(""));

try {
  process.exitCode = await main();
} catch (error) {
  say([error instanceof Error ? error.message : String(error)]);
  process.exitCode = 2;
}
