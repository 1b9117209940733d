import type { Detection } from "../../shared/contract/anomaly.ts";
import type { OrgId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { alertAnswer } from "../../shared/core/alert/alert-answer.ts";
import type { WatchedSeries } from "../../shared/core/alert/alert-record.ts";
import { groupId, instanceId, ROOT_ROUTE } from "../../shared/core/alert/keys.ts";
import type { SimulatedEpisode, Told } from "../../shared/core/alert/simulate.ts";
import { WARM_UP_POINTS } from "../../shared/core/detect/learned.ts";
import { elapsedText, numberText, oneLine, timeText } from "../../shared/core/message/plain-text.ts";
import { renderers } from "../../shared/core/message/render.ts";
import { count } from "../dev/terminal.ts";
import type { ReplaySeries } from "./read-series.ts";

const SHOWN = 50;
const SHOWN_BAD_ROWS = 5;
/** Methods of an anomaly that its row names, the strongest first. */
const NAMED_METHODS = 3;

type FoundAnomaly = Omit<Detection["anomalies"][number], "context" | "explanation">;

/** What was read, and what was left out of it. */
export function fileLines({ name, timestamps, bad, repeated }: ReplaySeries): readonly string[] {
  const [first, last] = [timestamps[0]!, timestamps.at(-1)!];
  return [
    `${oneLine(name)}: ${count(timestamps.length, "point")} from ${timeText(first)} to ${timeText(last)}.`,
    ...(repeated === 0 ? [] : [`${count(repeated, "row")} repeated a time: the last value of each counts.`]),
    ...(bad.length === 0 ? [] : [`${count(bad.length, "bad row")} left out:`]),
    ...bad.slice(0, SHOWN_BAD_ROWS).map(({ line, why }) => `  line ${line}: ${oneLine(why)}`),
    ...(bad.length > SHOWN_BAD_ROWS ? [`  and ${bad.length - SHOWN_BAD_ROWS} more`] : []),
  ];
}

/** The anomalies as a table in time order; of many those with the highest score. Where nothing could be found it says why. */
export function anomalyLines(anomalies: readonly FoundAnomaly[], points: number): readonly string[] {
  if (points <= WARM_UP_POINTS) {
    return [
      `Too short for anomalies: what is usual is learned from the first ${WARM_UP_POINTS} points, and there ${points === 1 ? "is 1" : `are ${points}`}.`,
    ];
  }
  const shown = anomalies.toSorted((a, b) => b.score - a.score || a.index - b.index).slice(0, SHOWN);
  const rows = shown
    .toSorted((a, b) => a.index - b.index)
    .map(({ timestamp, value, expected, score, severity, direction, methods }) => [
      timeText(timestamp),
      numberText(value),
      expected === null ? "-" : numberText(expected),
      score.toFixed(3),
      severity,
      direction ?? "-",
      methodsText(methods),
    ]);
  const rest = anomalies.length - shown.length;
  return [
    `${count(anomalies.length, "anomaly", "anomalies")} among ${count(points, "point")}${anomalies.length === 0 ? "." : ":"}`,
    ...(rows.length === 0 ? [] : table([["time", "value", "expected", "score", "severity", "direction", "methods"], ...rows])),
    ...(rest === 0 ? [] : [`and ${rest} more, with lower scores`]),
  ];
}

/** What a rule would have told: its episodes with their messages. */
export function episodeLines(episodes: readonly SimulatedEpisode[], rule: Rule, series: WatchedSeries, org: OrgId): readonly string[] {
  const messages = episodes.reduce((sum, { told }) => sum + told.length, 0);
  const rest = episodes.length - SHOWN;
  return [
    `The rule "${oneLine(rule.name)}" would have opened ${count(episodes.length, "alert")} and sent ${count(messages, "message")}${episodes.length === 0 ? "." : ":"}`,
    ...episodes
      .slice(0, SHOWN)
      .flatMap((simulated, n) => [
        "",
        `${n + 1}. ${episodeText(simulated)}`,
        ...simulated.told.flatMap((told) => messageText(told, rule, series, org).split("\n")).map((line) => `   | ${line}`),
      ]),
    ...(rest > 0 ? ["", `and ${count(rest, "more alert")}`] : []),
  ];
}

function episodeText({ episode, peak }: SimulatedEpisode): string {
  const { pendingAt, startedAt, resolvedAt, severity } = episode;
  return [
    `${severity}: pending since ${timeText(pendingAt)}`,
    `fired ${timeText(startedAt)}`,
    resolvedAt === null ? "still firing at the end" : `resolved ${timeText(resolvedAt)} after ${elapsedText(resolvedAt - startedAt)}`,
    ...(peak === null ? [] : [`peak ${numberText(peak.value)} at ${timeText(peak.timestamp)}`]),
  ].join(", ");
}

/** What the terminal's channel would have shown. */
function messageText({ kind, at, episode }: Told, rule: Rule, series: WatchedSeries, org: OrgId): string {
  const alert = alertAnswer(
    {
      id: episode.id,
      instance: instanceId(org, rule.id, series.id),
      rule: rule.id,
      ruleName: rule.name,
      series,
      condition: episode.resolvedAt === null ? "firing" : "inactive",
      episode,
      notificationCount: 0,
      lastNotifiedAt: null,
      suppressedBy: [],
      assignment: null,
      labels: rule.labels,
      annotations: rule.annotations,
    },
    at,
  );
  const told = kind === "resolved" || kind === "closed" ? "resolved" : "firing";
  const reason =
    kind === "flapping" ? "flapping" : told === "resolved" ? "all resolved" : at === episode.startedAt ? "first" : "severity raised";
  return renderers.console({
    kind: told,
    reason,
    at,
    groupKey: groupId(org, ROOT_ROUTE, { rule: rule.id }),
    alerts: [alert],
  });
}

function methodsText(methods: FoundAnomaly["methods"]): string {
  const found = Object.entries(methods)
    .filter(([, { score }]) => score > 0)
    .toSorted(([, a], [, b]) => b.score - a.score);
  return found.length === 0
    ? "-"
    : found
        .slice(0, NAMED_METHODS)
        .map(([name, { score }]) => `${name} ${score.toFixed(2)}`)
        .join(", ");
}

/** Columns under one another; all but the last are filled up to their width. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}
