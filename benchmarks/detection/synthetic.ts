import { seeded } from "../../shared/testing/series-generators.ts";
import { BASE_KINDS, POINTS_A_DAY } from "./bases.ts";
import type { Base, BaseKind } from "./bases.ts";

/** A base with one incident in it, or one that recurs. */
export interface Incident {
  readonly kind: IncidentKind;
  /** The robust scale of the base's residual on the day around the incident, in the series' unit. */
  readonly scale: number;
  /** The first row that is not the base's. */
  readonly from: number;
  /** As in the base; of missing points there is none. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** First and last time at which an alarm is right, Unix ms, both inside: an occurrence each. */
  readonly labels: readonly { readonly from: number; readonly to: number }[];
}

/** How an incident changes one value. */
interface Place {
  /** Rows since the incident began. */
  readonly since: number;
  readonly row: number;
  readonly scale: number;
  /** 1 or -1. */
  readonly side: number;
}
interface Shape {
  /** Where the incident is part of what is normal. */
  readonly never?: readonly BaseKind[];
  readonly occurrences?: number;
  /** The least and the most rows that an occurrence lasts. */
  readonly rows: readonly [number, number];
  /** Absent where the points are. */
  valueAt?(base: Base, place: Place): number;
}

/** In robust scales of the local residual. */
export const SIZES = { spike: 8, shift: 4, ramp: 6, noise: 4, contextual: 4 } as const;
const RAMP_ROWS = 24;
const HALF_A_DAY = POINTS_A_DAY / 2;
/** Counts near zero are zero for hours when all is well. */
const COUNTS_NEAR_ZERO: readonly BaseKind[] = ["errors"];

const spike: NonNullable<Shape["valueAt"]> = ({ values }, { row, scale, side }) => values[row]! + side * SIZES.spike * scale;

const SHAPES = {
  spike: { rows: [1, 3], valueAt: spike },
  shift: { rows: [72, 72], valueAt: ({ values }, { row, scale, side }) => values[row]! + side * SIZES.shift * scale },
  ramp: {
    rows: [RAMP_ROWS + 12, RAMP_ROWS + 12],
    valueAt: ({ values }, { since, row, scale, side }) => values[row]! + side * SIZES.ramp * scale * Math.min(1, (since + 1) / RAMP_ROWS),
  },
  noise: { rows: [24, 24], valueAt: ({ values, expected }, { row }) => expected[row]! + SIZES.noise * (values[row]! - expected[row]!) },
  contextual: { rows: [12, 12], valueAt: ({ values }, { row }) => values[row - HALF_A_DAY]! },
  stuck: { never: COUNTS_NEAR_ZERO, rows: [12, 36], valueAt: ({ values }, { row, since }) => values[row - since - 1]! },
  zero: { never: COUNTS_NEAR_ZERO, rows: [3, 12], valueAt: () => 0 },
  recurring: { occurrences: 4, rows: [3, 3], valueAt: spike },
  missing: { rows: [12, 36] },
} satisfies Record<string, Shape>;

export type IncidentKind = keyof typeof SHAPES;
export const INCIDENT_KINDS = Object.keys(SHAPES) as IncidentKind[];

/** Incidents begin when there are two weeks of history. */
const FIRST_ROW = 14 * POINTS_A_DAY;
const LAST_ROW = 19 * POINTS_A_DAY;
/** What recurs does so after about a day, but not at the same hour. */
const LEAST_BETWEEN = 240;
const MOST_BETWEEN = 336;
/** How many places are looked at for one where a value of half a day before stands out. */
const CONTEXTUAL_TRIES = 32;
/** What turns the mean absolute residual into the standard deviation of a normal one. */
const TO_DEVIATION = 1.2533;

/**
 * Puts an incident into a base of at least 24 days. The same base gives the same one.
 * @returns null where there is none of this kind: counts near zero are often zero, and not all that comes twelve hours late stands out.
 */
export function putIncident(base: Base, kind: IncidentKind): Incident | null {
  const { never = [], occurrences = 1, rows, valueAt }: Shape = SHAPES[kind];
  if (never.includes(base.kind)) return null;
  const uniform = seeded(base.seed * 15_485_863 + INCIDENT_KINDS.indexOf(kind) * 7 + BASE_KINDS.indexOf(base.kind) * 101);
  const between = (least: number, most: number): number => least + Math.floor((most - least + 1) * uniform());

  const begins = kind === "contextual" ? contextualRow(base, rows[0], () => between(FIRST_ROW, LAST_ROW)) : between(FIRST_ROW, LAST_ROW);
  if (begins === null) return null;
  const side = lowSpace(base, begins) || uniform() < 0.5 ? 1 : -1;
  const length = between(...rows);
  const scale = scaleAt(base, begins);
  const values = base.values.slice();
  const labels: { from: number; to: number }[] = [];
  let from = begins;
  for (let occurrence = 0; occurrence < occurrences; occurrence++) {
    if (occurrence > 0) from += between(LEAST_BETWEEN, MOST_BETWEEN);
    for (let since = 0; since < length && valueAt !== undefined; since++) {
      values[from + since] = plausible(base, valueAt(base, { since, row: from + since, scale, side }));
    }
    // That points are missing can be told when the next one comes.
    labels.push({ from: base.timestamps[from]!, to: base.timestamps[from + length - (valueAt === undefined ? 0 : 1)]! });
  }
  const kept = (column: Float64Array): Float64Array =>
    valueAt === undefined ? Float64Array.of(...column.subarray(0, begins), ...column.subarray(begins + length)) : column;
  return { kind, scale, from: begins, timestamps: kept(base.timestamps), values: kept(values), labels };
}

/** The robust scale of the residual on the day around a row. */
export function scaleAt({ values, expected }: Base, row: number): number {
  let sum = 0;
  for (let near = row - HALF_A_DAY; near < row + HALF_A_DAY; near++) sum += Math.abs(values[near]! - expected[near]!);
  return (TO_DEVIATION * sum) / POINTS_A_DAY;
}

/** Whether what falls by a spike would be cut off at zero, which nothing in these series is below. */
const lowSpace = (base: Base, row: number): boolean =>
  base.kind !== "sawtooth" && Math.min(...base.expected.subarray(row, row + POINTS_A_DAY)) < SIZES.spike * scaleAt(base, row);

/** Counts stay counts, shares stay below 100%, and nothing but a saw-tooth's noise is below zero. */
function plausible({ kind, counts }: Base, value: number): number {
  if (kind === "sawtooth") return value;
  const bounded = Math.min(kind === "cpu" ? 100 : Infinity, Math.max(0, value));
  return counts ? Math.round(bounded) : bounded;
}

/** The first place looked at where all values of half a day before are far from what is expected. */
function contextualRow(base: Base, length: number, someRow: () => number): number | null {
  for (let attempt = 0; attempt < CONTEXTUAL_TRIES; attempt++) {
    const from = someRow();
    const far = SIZES.contextual * scaleAt(base, from);
    const row = base.expected.subarray(from, from + length);
    if (row.every((expected, since) => Math.abs(base.values[from + since - HALF_A_DAY]! - expected) >= far)) return from;
  }
  return null;
}
