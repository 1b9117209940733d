import { clone } from "../../shared/core/detect/clone.ts";
import { advance, createDetector } from "../../shared/core/detect/detector.ts";
import type { DetectorState } from "../../shared/core/detect/detector.ts";
import type { PointScore } from "../../shared/core/detect/score-point.ts";
import { daysAtSensitivity, scoreOf } from "../../shared/core/detect/severity.ts";
import { encodeState } from "../../shared/core/detect/state-codec.ts";
import { meanOf, ownCpuSeconds } from "../measure.ts";
import { row } from "../report.ts";
import type { Benchmark, Row } from "../report.ts";
import { BASE_KINDS, generateBase, POINTS_A_DAY } from "./bases.ts";
import type { Base } from "./bases.ts";
import { alarmsAt, thresholdFor } from "./false-alarms.ts";
import { scoreNab } from "./nab.ts";
import { isNabThere, NAB_MISSING, readAnchors, readNab } from "./nab-data.ts";
import { INCIDENT_KINDS, putIncident } from "./synthetic.ts";
import type { Incident, IncidentKind } from "./synthetic.ts";

/** Seeds that no table is derived from. */
const SEEDS = Array.from({ length: 20 }, (_, place) => 21 + place);
const DAYS = 28;
/** What live detection asks for. */
const OPTIONS = { sensitivity: 0.5 };
/** After an alarm the rest of half a day belongs to it, where series of the Numenta Anomaly Benchmark are judged by events. */
const SUPPRESSED_ROWS = 144;
const TARGETS_DAYS = [3, 7, 14];
/** Days per false alarm and series at which incidents are to be found. */
const RECALL_DAYS = 14;
/** Others have no default sensitivity: their events are those of the threshold that is best for these series. */
const HTM_AT_BEST = "Numenta's HTM at its best threshold";

export const detection: Benchmark = {
  name: "detection",
  about: "The detector as it is shipped, point after point: half of the Numenta Anomaly Benchmark, and simulated series with incidents",

  async run(say) {
    if (!isNabThere()) say(NAB_MISSING);
    const nab = isNabThere() ? await nabRows() : [];
    say(`${SEEDS.length * BASE_KINDS.length} simulated series of ${DAYS} days are scored, and again with an incident of each kind.`);
    const { head, more } = syntheticRows(SEEDS.flatMap((seed) => BASE_KINDS.map((kind) => runBase(generateBase(kind, seed, DAYS)))));
    return [...nab.slice(0, 2), ...head, ...nab.slice(2), ...more];
  },
};

async function nabRows(): Promise<Row[]> {
  const series = await readNab();
  const anchors = await readAnchors();
  const scores = series.map(({ timestamps, values }) =>
    scoresOf(advance(createDetector(), { timestamps: timestamps.map((seconds) => 1_000 * seconds), values }, OPTIONS)),
  );
  const best = scoreNab(series, scores);
  const threshold = Number(scoreOf(daysAtSensitivity(OPTIONS.sensitivity)).toFixed(4));
  const { events } = scoreNab(series, scores, { threshold, suppressedRows: SUPPRESSED_ROWS });
  const htm = anchors["numenta"]!;
  const by = (name: string, value: number) => ({ name, value });
  const others = { ARTime: "ARTime", "CAD OSE": "contextOSE", "random cut forest": "randomCutForest", "Twitter ADVec": "twitterADVec" };
  return [
    row("NAB, standard", best.standard, "", { anchor: by("Numenta's HTM", htm.standard), bar: [75, 100] }),
    row("NAB, F1 of events at the default sensitivity", events.event_F1, "", {
      anchor: by(HTM_AT_BEST, htm.events.event_F1),
      bar: [0.53, 1],
    }),
    row("NAB, recall of events there", events.event_recall, "", { anchor: by(HTM_AT_BEST, htm.events.event_recall) }),
    row("NAB, precision of events there", events.event_precision, "", { anchor: by(HTM_AT_BEST, htm.events.event_precision) }),
    ...(["reward_low_FP_rate", "reward_low_FN_rate"] as const).map((profile) =>
      row(`NAB, ${profile}`, best[profile], "", { anchor: by("Numenta's HTM", htm[profile]) }),
    ),
    ...Object.entries(others).map(([name, key]) =>
      row(`NAB, standard, beside ${name}`, best.standard, "", { anchor: by(name, anchors[key]!.standard) }),
    ),
  ];
}

/** What the detector says of a series as it is, and of the same series with incidents. */
interface BaseRun {
  readonly clean: Float64Array;
  /** 1 where it is called anomalous at the default sensitivity, else 0. */
  readonly flags: Float64Array;
  /** The highest score of each occurrence. */
  readonly found: readonly { readonly kind: IncidentKind; readonly highest: number }[];
  readonly cpuSeconds: number;
  readonly stateBytes: number;
}

/** A series is scored a day at a time; what it has in common with one with an incident, once. */
function runBase(base: Base): BaseRun {
  const incidents = INCIDENT_KINDS.map((kind) => putIncident(base, kind)).filter((incident) => incident !== null);
  const state = createDetector({ timezone: base.timezone });
  const clean = new Float64Array(base.values.length);
  const flags = new Float64Array(base.values.length);
  const found: { kind: IncidentKind; highest: number }[] = [];
  let cpuSeconds = 0;
  const advanceTo = (from: number, to: number): void => {
    const before = ownCpuSeconds();
    const scores = advance(state, rowsOf(base, from, to), OPTIONS);
    cpuSeconds += ownCpuSeconds() - before;
    clean.set(scoresOf(scores), from);
    flags.set(
      scores.map(({ anomalous }) => Number(anomalous)),
      from,
    );
  };
  for (let from = 0; from < base.values.length; from += POINTS_A_DAY) {
    let at = from;
    const to = from + POINTS_A_DAY;
    for (const incident of incidents.filter((one) => from <= one.from && one.from < to).toSorted((a, b) => a.from - b.from)) {
      advanceTo(at, incident.from);
      at = incident.from;
      found.push(...highestScores(clone(state), incident).map((highest) => ({ kind: incident.kind, highest })));
    }
    advanceTo(at, to);
  }
  return { clean, flags, found, cpuSeconds, stateBytes: encodeState(state).length };
}

/** Goes on from just before an incident to its end. */
function highestScores(state: DetectorState, incident: Incident): number[] {
  const end = incident.timestamps.indexOf(incident.labels.at(-1)!.to) + 1;
  const scores = advance(state, rowsOf(incident, incident.from, end), OPTIONS);
  return incident.labels.map(({ from, to }) =>
    Math.max(...scores.filter(({ timestamp }) => from <= timestamp && timestamp <= to).map(({ score }) => score)),
  );
}

/** The first rows say whether the bars are met. */
function syntheticRows(runs: readonly BaseRun[]): { head: Row[]; more: Row[] } {
  const clean = runs.map((run) => run.clean);
  const points = clean.reduce((sum, { length }) => sum + length, 0);
  const days = points / POINTS_A_DAY;
  const threshold = thresholdFor(clean, days / RECALL_DAYS);
  const recalls = INCIDENT_KINDS.map((kind) => {
    const highest = runs.flatMap(({ found }) => found.filter((one) => one.kind === kind)).map((one) => one.highest);
    return { kind, occurrences: highest.length, recall: meanOf(highest.map((score) => Number(score >= threshold))) };
  }).toSorted((a, b) => a.recall - b.recall);
  const [worst] = recalls;
  const falseAlarms = (of: readonly Float64Array[], target: number): number =>
    (alarmsAt(of, scoreOf(target)) * target * POINTS_A_DAY) / of.reduce((sum, { length }) => sum + length, 0);
  const ofKind = <T>(all: readonly T[], place: number): T[] => all.filter((_, run) => run % BASE_KINDS.length === place);
  const cpuSeconds = runs.reduce((sum, run) => sum + run.cpuSeconds, 0);
  const largest = Math.max(...runs.map(({ stateBytes }) => stateBytes));
  return {
    head: [
      ...TARGETS_DAYS.map((target) =>
        row(`False alarms a day by target, 1 in ${target} days`, falseAlarms(clean, target), "", { bar: [0.5, 2] }),
      ),
      row(`Recall at 1 in ${RECALL_DAYS} days, mean of ${recalls.length} kinds`, meanOf(recalls.map(({ recall }) => recall)), "", {
        bar: [0.8, 1],
      }),
      row(`Recall at 1 in ${RECALL_DAYS} days, worst kind: ${worst!.kind}`, worst!.recall, "", { bar: [0.4, 1] }),
      row("CPU a point", (1e6 * cpuSeconds) / points, "us", { bar: 25 }),
      row("State a series", largest / 1_024, "KB", { bar: 8 }),
    ],
    more: [
      ...recalls.map(({ kind, occurrences, recall }) => row(`Recall, ${kind} (${occurrences})`, recall, "")),
      row("Score at which there is 1 false alarm in 14 days", threshold, ""),
      row(
        "False alarms a day by target, as live detection raises them",
        (alarmsAt(
          runs.map((run) => run.flags),
          1,
        ) *
          daysAtSensitivity(OPTIONS.sensitivity)) /
          days,
        "",
      ),
      ...BASE_KINDS.map((kind, place) =>
        row(`False alarms a day by target, 1 in ${RECALL_DAYS} days, ${kind}`, falseAlarms(ofKind(clean, place), RECALL_DAYS), ""),
      ),
      ...BASE_KINDS.map((kind, place) => {
        const found = ofKind(runs, place).flatMap((run) => run.found);
        return row(`Recall of all incidents, ${kind}`, meanOf(found.map(({ highest }) => Number(highest >= threshold))), "");
      }),
    ],
  };
}

const scoresOf = (scores: readonly PointScore[]): Float64Array => Float64Array.from(scores, ({ score }) => score);

const rowsOf = ({ timestamps, values }: Pick<Base, "timestamps" | "values">, from: number, to: number) => ({
  timestamps: timestamps.subarray(from, to),
  values: values.subarray(from, to),
});
