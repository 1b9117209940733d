import type { ForecastSpan } from "./measuring.ts";

/** A stored forecast, as far as its times go. */
export interface StoredSpan<Id extends string = string> extends ForecastSpan {
  readonly id: Id;
  readonly createdAt: number;
}

/** Steps of one forecast, from `step` on, counted from 0. */
export interface Segment<Id extends string = string> {
  readonly forecast: StoredSpan<Id>;
  readonly step: number;
  readonly steps: number;
}

export interface Window {
  /** Unix ms; inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** Steps fewer ahead than this are left out, >= 1. */
  readonly lead: number;
  /** Steps further ahead than this are left out. */
  readonly horizon: number;
}

/**
 * What the newest forecast that covers each time of a window says of it.
 *
 * A step covers half a frequency to either side of its time, so that forecasts whose grids lie a little apart do not say the same twice.
 * @param spans - In any order.
 * @returns ascending; the times of their steps ascend too, and none is there twice.
 */
export function newestOver<Id extends string>(spans: readonly StoredSpan<Id>[], { from, to, lead, horizon }: Window): Segment<Id>[] {
  const newestFirst = spans.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
  const found: Segment<Id>[] = [];
  const covered: Interval[] = [];
  for (const forecast of newestFirst) {
    const { startsAt, endsAt, frequencyMs } = forecast;
    const half = frequencyMs / 2;
    const start = startsAt + (lead - 1) * frequencyMs - half;
    const end = Math.min(endsAt, startsAt + horizon * frequencyMs) - half;
    if (start >= end) continue;
    for (const free of cover(covered, { start, end })) {
      const step = Math.ceil((Math.max(free.start, from) - startsAt) / frequencyMs);
      const after = Math.ceil((Math.min(free.end, to) - startsAt) / frequencyMs);
      if (after > step) found.push({ forecast, step, steps: after - step });
    }
  }
  return found.toSorted((a, b) => timeOf(a) - timeOf(b));
}

/** The time of a segment's first step. */
const timeOf = ({ forecast, step }: Segment): number => forecast.startsAt + step * forecast.frequencyMs;

/** From `start` up to `end`, which is not in it. */
interface Interval {
  readonly start: number;
  readonly end: number;
}

/**
 * Adds an interval to a set.
 * @param covered - Ascending, apart from each other; it is changed.
 * @returns the parts of the interval that were not in the set, ascending.
 */
function cover(covered: Interval[], { start, end }: Interval): Interval[] {
  // The first one that does not end before this one starts.
  let [low, high] = [0, covered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (covered[middle]!.end < start) low = middle + 1;
    else high = middle;
  }
  let next = low;
  const free: Interval[] = [];
  let at = start;
  for (; next < covered.length && covered[next]!.start <= end; next++) {
    if (covered[next]!.start > at) free.push({ start: at, end: covered[next]!.start });
    at = Math.max(at, covered[next]!.end);
  }
  if (at < end) free.push({ start: at, end });
  const merged = { start: Math.min(start, covered[low]?.start ?? start), end: Math.max(end, at) };
  covered.splice(low, next - low, next === low ? { start, end } : merged);
  return free;
}

/** A page of segments: those that have room, the last perhaps in part. */
export interface SegmentPage<Id extends string = string> {
  readonly segments: readonly Segment<Id>[];
  /** Unix ms of the first step that had no room. */
  readonly next: number | null;
}

/**
 * Takes the steps of segments from the first on, at most `rows` of them, of at most `forecasts` forecasts.
 * @param segments - Ascending.
 */
export function takeSteps<Id extends string>(
  segments: readonly Segment<Id>[],
  { rows, forecasts }: { readonly rows: number; readonly forecasts: number },
): SegmentPage<Id> {
  const taken: Segment<Id>[] = [];
  const ids = new Set<Id>();
  let left = rows;
  for (const segment of segments) {
    const isNew = !ids.has(segment.forecast.id);
    if (left === 0 || (isNew && ids.size === forecasts)) return { segments: taken, next: timeOf(segment) };
    const steps = Math.min(left, segment.steps);
    taken.push({ ...segment, steps });
    ids.add(segment.forecast.id);
    left -= steps;
    if (steps < segment.steps) return { segments: taken, next: timeOf({ ...segment, step: segment.step + steps }) };
  }
  return { segments: taken, next: null };
}
