import { UNSAFE_NAMES } from "../../contract/record.ts";
import { DIMENSION_NAME, MAX_DIMENSION_VALUE_BYTES, MAX_DIMENSIONS, METRIC_KEY } from "../../contract/series.ts";
import type { Dimensions } from "../../contract/series.ts";
import type { Result } from "../result.ts";

/** What tells a series from others, as it stands in our store. */
export interface SeriesName {
  readonly metricKey: string;
  readonly dimensions: Dimensions;
}

/** Names of so many characters are refused at any rate: no more of them is looked at, since one may stand for a million series. */
export const TOO_LONG = { metric: 201, label: 101 } as const;

/** A name in a protocol may have any characters: those that a metric's name cannot have here become `_`. */
const asMetricKey = (name: string): string =>
  name
    .slice(0, TOO_LONG.metric)
    .replaceAll(/[^A-Za-z0-9_.:/-]/g, "_")
    .replace(/^[^A-Za-z_]/, "_");
const asDimensionName = (name: string): string =>
  name
    .slice(0, TOO_LONG.label)
    .replaceAll(/[^A-Za-z0-9_.-]/g, "_")
    .replace(/^[^A-Za-z_]/, "_");

/**
 * Names a series after what a protocol calls it. A label without a value is none.
 *
 * @param metric - Its name in the protocol, of any characters.
 * @param labels - In any order.
 * @returns Or why it cannot be named: a name or value that is too long, too many labels, two labels that have one name here.
 */
export function nameSeries(metric: string, labels: Iterable<readonly [name: string, value: string]>): Result<SeriesName, string> {
  const metricKey = asMetricKey(metric);
  if (!METRIC_KEY.test(metricKey)) return refused(metric === "" ? "The metric has no name" : "The metric's name is over 200 characters");
  const dimensions: Record<string, string> = {};
  let n = 0;
  for (const [label, value] of labels) {
    if (value === "") continue;
    const name = asDimensionName(label);
    if (!DIMENSION_NAME.test(name) || UNSAFE_NAMES.includes(name)) {
      return refused(label.length > 100 ? "A label's name is over 100 characters" : `A label cannot be named ${JSON.stringify(label)}`);
    }
    if (Object.hasOwn(dimensions, name)) return refused(`Two labels are named ${name}`);
    if (value.length > MAX_DIMENSION_VALUE_BYTES || Buffer.byteLength(value) > MAX_DIMENSION_VALUE_BYTES) {
      return refused(`The label ${name} is over ${MAX_DIMENSION_VALUE_BYTES} bytes`);
    }
    if (++n > MAX_DIMENSIONS) return refused(`There are more than ${MAX_DIMENSIONS} labels`);
    dimensions[name] = value;
  }
  return { ok: true, value: { metricKey, dimensions } };
}

const refused = (error: string): Result<never, string> => ({ ok: false, error });
