// The score of the Numenta Anomaly Benchmark: Lavin & Ahmad (2015), Evaluating Real-Time Anomaly Detection Algorithms.

/** A series with the windows that an incident may be reported in. */
export interface LabelledSeries {
  readonly file: string;
  /** Unix seconds in the order of the file: some come twice, one goes back. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** First and last timestamp, both inside, ascending, none over another. */
  readonly windows: readonly (readonly [number, number])[];
}

/** What counts as found or false with the threshold used. */
export interface NabEvents {
  readonly event_recall: number;
  readonly event_precision: number;
  readonly event_F1: number;
  readonly false_alarm_episodes_per_series_day: number;
}

/** Under the names that the published scores of others have in their file; 100 is perfect, 0 is to say nothing. */
export interface NabScores {
  readonly standard: number;
  readonly reward_low_FP_rate: number;
  readonly reward_low_FN_rate: number;
  /** At the threshold of the standard profile. */
  readonly events: NabEvents;
}

/** A threshold that is given, in place of the one that is best for each profile. */
export interface FixedThreshold {
  readonly threshold: number;
  /** So many rows after an alarm are silent. */
  readonly suppressedRows: number;
}

/** What a missed window and a false alarm cost, where a window found at once earns 1. */
const PROFILES = {
  standard: { missed: 1, falseAlarm: 0.11 },
  reward_low_FP_rate: { missed: 1, falseAlarm: 0.22 },
  reward_low_FN_rate: { missed: 2, falseAlarm: 0.11 },
};
type Profile = (typeof PROFILES)[keyof typeof PROFILES];

/** The first rows, to learn from, do not count: this share of a series, at most so many. */
const FREE_SHARE = 0.15;
const MOST_FREE = 750;
/** Past so many lengths of the window before it a false alarm costs all it can. */
const FAR = 3;
/** False alarms belong to one episode that lie within an hour, or three points, of each other. */
const EPISODE_S = 3_600;
const EPISODE_POINTS = 3;

/** 1 far before, 0 at the end of a window, -1 far behind. */
const sigmoid = (position: number): number => 2 / (1 + Math.exp(5 * position)) - 1;

/** What an alarm in each row is worth. */
interface Layout {
  /** The first row that counts. */
  readonly first: number;
  /** The window that each row lies in, or -1. */
  readonly window: Int32Array;
  /** Of an alarm: up to 1 at the start of a window; outside of all from -1 to 0, the closer behind one the less bad. */
  readonly worth: Float64Array;
}

function layOut({ timestamps, windows }: LabelledSeries): Layout {
  const n = timestamps.length;
  const window = new Int32Array(n).fill(-1);
  const worth = new Float64Array(n).fill(-1);
  let [next, from, to] = [0, -1, -1];
  let open = false;
  for (let row = 0; row < n; row++) {
    if (!open && timestamps[row] === windows[next]?.[0]) {
      from = timestamps.indexOf(timestamps[row]!);
      to = timestamps.indexOf(windows[next]![1]);
      next += 1;
      open = true;
    }
    if (open) {
      window[row] = next - 1;
      worth[row] = sigmoid(-(to - row + 1) / (to - from + 1)) / sigmoid(-1);
      open = timestamps[row] !== windows[next - 1]![1];
    } else if (next > 0) {
      const past = Math.abs(row - to) / (to - from);
      worth[row] = past > FAR ? -1 : sigmoid(past);
    }
  }
  return { first: Math.min(Math.floor(FREE_SHARE * n), MOST_FREE), window, worth };
}

interface ScoredRow {
  readonly score: number;
  /** Counted over all series, or -1. */
  readonly window: number;
  readonly worth: number;
}

/**
 * Scores a detector on many series at once, with one threshold for them all.
 *
 * @param scores - A score a row, finite, of each series; only their order matters unless a threshold is given.
 * @returns The scores by the null and the perfect detector of these series.
 */
export function scoreNab(series: readonly LabelledSeries[], scores: readonly Float64Array[], fixed?: FixedThreshold): NabScores {
  const layouts = series.map(layOut);
  const used = fixed === undefined ? scores : scores.map((one) => suppress(one, fixed));
  const rows: ScoredRow[] = [];
  let windows = 0;
  for (const [place, { first, window, worth }] of layouts.entries()) {
    for (let row = first; row < window.length; row++) {
      const score = used[place]![row]!;
      if (score < (fixed?.threshold ?? -Infinity) || score === -Infinity) continue;
      rows.push({ score, window: window[row]! < 0 ? -1 : windows + window[row]!, worth: worth[row]! });
    }
    windows += series[place]!.windows.length;
  }
  rows.sort((a, b) => b.score - a.score);
  const standard = sweep(rows, windows, PROFILES.standard, fixed);
  return {
    standard: standard.score,
    reward_low_FP_rate: sweep(rows, windows, PROFILES.reward_low_FP_rate, fixed).score,
    reward_low_FN_rate: sweep(rows, windows, PROFILES.reward_low_FN_rate, fixed).score,
    events: eventsAt(standard.threshold, series, layouts, used),
  };
}

/** After an alarm the rows behind it are silent. */
function suppress(scores: Float64Array, { threshold, suppressedRows }: FixedThreshold): Float64Array {
  let quietTo = -1;
  return scores.map((score, row) => {
    if (score < threshold) return score;
    if (row <= quietTo) return -Infinity;
    quietTo = row + suppressedRows;
    return score;
  });
}

/** The best score of all thresholds, or that of the given one. A window counts once, for its best alarm; false alarms count each. */
function sweep(
  rows: readonly ScoredRow[],
  windows: number,
  { missed, falseAlarm }: Profile,
  fixed: FixedThreshold | undefined,
): { score: number; threshold: number } {
  const bestOf = new Float64Array(windows).fill(-missed);
  let [found, alarms] = [0, 0];
  let best = { score: 0, threshold: fixed?.threshold ?? Infinity };
  for (const [place, { score, window, worth }] of rows.entries()) {
    if (window < 0) alarms += falseAlarm * worth;
    else if (worth > bestOf[window]!) {
      found += worth - bestOf[window]!;
      bestOf[window] = worth;
    }
    if (rows[place + 1]?.score === score) continue;
    const total = (100 * (found + alarms)) / ((1 + missed) * windows);
    if (fixed !== undefined) best = { score: total, threshold: fixed.threshold };
    else if (total > best.score) best = { score: total, threshold: score };
  }
  return best;
}

function eventsAt(
  threshold: number,
  series: readonly LabelledSeries[],
  layouts: readonly Layout[],
  scores: readonly Float64Array[],
): NabEvents {
  let [found, windows, episodes, days] = [0, 0, 0, 0];
  for (const [place, { first, window }] of layouts.entries()) {
    const { timestamps } = series[place]!;
    const spacings = timestamps.slice(1).map((timestamp, row) => timestamp - timestamps[row]!);
    const apart = Math.max(EPISODE_S, EPISODE_POINTS * spacings.toSorted()[spacings.length >> 1]!);
    const seen = new Set<number>();
    let last = -Infinity;
    for (let row = first; row < window.length; row++) {
      if (scores[place]![row]! < threshold) continue;
      if (window[row]! >= 0) {
        seen.add(window[row]!);
        continue;
      }
      if (timestamps[row]! - last > apart) episodes += 1;
      last = timestamps[row]!;
    }
    found += seen.size;
    windows += series[place]!.windows.length;
    days += (timestamps.at(-1)! - timestamps[first]!) / 86_400;
  }
  const precision = found + episodes === 0 ? 0 : found / (found + episodes);
  const recall = windows === 0 ? 0 : found / windows;
  return {
    event_recall: recall,
    event_precision: precision,
    event_F1: found === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    false_alarm_episodes_per_series_day: episodes / days,
  };
}
