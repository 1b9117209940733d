import * as v from "valibot";
import type { Dimensions } from "../../contract/series.ts";
import type { Result } from "../result.ts";
import type { NamedSeries } from "../series/batch.ts";
import { PRECISIONS, readInfluxKey } from "./influx-lines.ts";
import type { BadLine, InfluxKey, InfluxLine } from "./influx-lines.ts";
import { KEPT_CHARACTERS } from "./intake.ts";
import type { openIntake } from "./intake.ts";
import { nameSeries, TOO_LONG } from "./names.ts";

/** What a request may have. */
export const MAX_LINES = 100_000;
export const MAX_FIELDS = 500_000;

/** So many are told, the first ones. */
const LINES_TOLD = 5;

/** A line that is not taken in whole. */
export interface RefusedLine {
  readonly number: number;
  readonly reason: string;
}

/** What a dead letter keeps of a line that cannot be read, or whose series cannot be named: all that is needed to read it again. */
const LineLetter = v.strictObject({ line: v.string(), precision: v.picklist(PRECISIONS) });
type LineLetter = v.InferOutput<typeof LineLetter>;

/** @returns null where a payload is no line: points that a line brought are metrics. */
export const readLineLetter = (payload: unknown): LineLetter | null => (v.is(LineLetter, payload) ? payload : null);

/** The series of a key, by their fields. */
interface KnownKey {
  readonly key: Result<InfluxKey, string>;
  readonly fields: Map<string, Result<NamedSeries, string>>;
}

/**
 * Makes points of lines: a field that is a number is a point of `measurement.field`, the tags that have a value are its dimensions.
 *
 * @param precision - Of the lines' times.
 * @param at - Unix ms: the time of lines that have none.
 * @returns The first lines that are not taken in whole; or what of the request is over its limit.
 */
export function gatherInflux(
  lines: Iterable<Result<InfluxLine, BadLine>>,
  { precision, at }: { readonly precision: string; readonly at: number },
  { intake, add, reject }: Omit<ReturnType<typeof openIntake>, "describe">,
  resolve: (metricKey: string, dimensions: Dimensions) => NamedSeries,
): Result<readonly RefusedLine[], string> {
  const refused: RefusedLine[] = [];
  const known = new Map<string, KnownKey>();
  let [lineCount, fieldCount] = [0, 0];
  const refuse = ({ number, text }: BadLine | InfluxLine, reason: string): void => {
    tell(number, reason);
    reject(reason, { line: text.slice(0, KEPT_CHARACTERS), precision } satisfies LineLetter);
  };
  const tell = (number: number, reason: string): void => {
    if (refused.length < LINES_TOLD) refused.push({ number, reason });
  };

  for (const line of lines) {
    if (++lineCount > MAX_LINES) return { ok: false, error: `A request has at most ${MAX_LINES} lines.` };
    if (!line.ok) {
      refuse(line.error, line.error.reason);
      continue;
    }
    const { number, key, fields, timestamp } = line.value;
    fieldCount += fields.length;
    if (fieldCount > MAX_FIELDS) return { ok: false, error: `A request has at most ${MAX_FIELDS} fields.` };
    const { fields: series, ...own } = knownKey(key, known);
    // A field whose series cannot be named leaves the line's others as they are: the line is kept once.
    let why = own.key.ok ? null : own.key.error;
    let [reason, taken]: [string | undefined, boolean] = [undefined, true];
    if (own.key.ok) {
      for (const [field, value] of fields) {
        const named = seriesOf(own.key.value, field, series, resolve);
        if (!named.ok) why ??= named.error;
        else if (!add(named.value, timestamp ?? at, value)) {
          taken = false;
          reason ??= intake.rejected.at(-1)?.reason;
        }
      }
    }
    if (why !== null) refuse(line.value, why);
    else if (!taken) tell(number, reason ?? "A point is not taken in");
  }
  return { ok: true, value: refused };
}

function knownKey(key: string, known: Map<string, KnownKey>): KnownKey {
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = { key: readInfluxKey(key), fields: new Map() }));
  return found;
}

function seriesOf(
  { measurement, tags }: InfluxKey,
  field: string,
  known: KnownKey["fields"],
  resolve: (metricKey: string, dimensions: Dimensions) => NamedSeries,
): Result<NamedSeries, string> {
  let found = known.get(field);
  if (found === undefined) {
    const named = nameSeries(`${measurement.slice(0, TOO_LONG.metric)}.${field}`, tags);
    found = named.ok ? { ok: true, value: resolve(named.value.metricKey, named.value.dimensions) } : named;
    known.set(field, found);
  }
  return found;
}
