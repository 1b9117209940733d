import { formatDuration } from "../../shared/contract/time.ts";
import { count } from "../dev/terminal.ts";
import type { FiringAlert, TestResult } from "./run.ts";

export const isPassed = ({ missing, unexpected }: TestResult): boolean => missing.length === 0 && unexpected.length === 0;

/** What a run of one file says: of what failed what was expected (-) and what fires (+), and how many passed. */
export function resultLines(path: string, results: readonly TestResult[]): readonly string[] {
  const failed = results.filter((result) => !isPassed(result));
  return [
    ...failed.flatMap(({ test, alertname, evalTime, expected, firing, missing, unexpected }) => [
      `${test}, ${JSON.stringify(alertname)} at ${formatDuration(evalTime)}: ${expected} expected, ${firing} firing`,
      ...missing.map((alert) => `  - ${alertText(alert)}`),
      ...unexpected.map((alert) => `  + ${alertText(alert)}`),
    ]),
    `${path}: ${results.length - failed.length} of ${count(results.length, "expectation")} met`,
  ];
}

function alertText({ labels, severity, annotations }: FiringAlert): string {
  const notes = Object.keys(annotations).length === 0 ? "" : ` annotations ${textOf(annotations)}`;
  return `${textOf({ ...(severity === null ? {} : { severity }), ...labels })}${notes}`;
}

const textOf = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(", ")}}`;
