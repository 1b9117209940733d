import { powerOfTwoUnit } from "./history.ts";
import type { DetectedColumns, RegularObservations } from "../ports/forecasters.ts";
import { pandasFrequency } from "./pandas-frequency.ts";
import { columnOf, columnsOf, isCount } from "./timegpt-answer.ts";
import { isObject, nonsense } from "./timegpt-call.ts";
import type { CallTimegpt } from "./timegpt-call.ts";

interface Asked {
  readonly model: string;
  readonly observations: RegularObservations;
  readonly frequencyMs: number;
  /** Percent. */
  readonly level: number;
  /** Unix ms. */
  readonly until: number;
}

/**
 * Has TimeGPT say which points of one series lie outside of its interval of a level. The points that it needs to begin with have no say.
 *
 * @throws TimegptFailure.
 * @see Nixtla's API reference, POST /v2/anomaly_detection; its Python client, `detect_anomalies`.
 */
export async function detectByTimegpt(
  call: CallTimegpt,
  { model, observations, frequencyMs, level, until }: Asked,
): Promise<DetectedColumns> {
  const { timestamps, values } = observations;
  const unit = powerOfTwoUnit(values);
  const body = {
    series: { y: Array.from(values, (value) => value / unit), sizes: [values.length], X: null },
    model,
    freq: pandasFrequency(frequencyMs, timestamps.at(-1)!),
    level,
    clean_ex_first: true,
  };
  const answer = await call({ path: "/v2/anomaly_detection", body, until });
  const { sizes, anomaly } = isObject(answer) ? answer : {};
  const rows = Array.isArray(sizes) && sizes.length === 1 ? (sizes[0] as unknown) : null;
  if (!isCount(rows) || rows > values.length) throw nonsense("sizes that are none");
  const { mean, intervals } = columnsOf(answer, rows, [level]);
  // A flag is true or false; where it is anything else, nothing is known.
  const flags = columnOf(
    Array.isArray(anomaly) ? anomaly.map((flag) => (typeof flag === "boolean" ? Number(flag) : null)) : null,
    rows,
    "anomaly",
  );
  const columns = [mean, intervals[0]!.lo, intervals[0]!.hi, flags];
  if (!columns.every((column) => column.every(Number.isFinite))) throw nonsense("values that are no numbers");
  const [expected, lo, hi] = columns.map((column) => column.map((value) => value * unit));
  return { expected: expected!, lo: lo!, hi: hi!, anomalous: Uint8Array.from(flags) };
}
