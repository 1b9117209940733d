import type { Dimensions } from "../../contract/series.ts";

/**
 * One line that is safe to print anywhere: control characters, line ends and bidirectional controls become spaces, lone surrogates U+FFFD.
 */
export function oneLine(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, " ");
}

/** A series as people write it: `cpu{host=a}`; nothing where there is none. */
export function seriesText(series: { readonly metricKey: string; readonly dimensions: Dimensions } | null): string {
  if (series === null) return "";
  const { metricKey, dimensions } = series;
  const named = Object.entries(dimensions).map(([name, value]) => `${name}=${value}`);
  return oneLine(named.length === 0 ? metricKey : `${metricKey}{${named.join(", ")}}`);
}

/**
 * Shortens a text, a rewriting of its code points included, never inside a code point and never inside its rewriting.
 *
 * @param limit - UTF-16 code units of the result, >= 1.
 * @param rewrite - Of one code point; nothing by default.
 * @returns The whole text where it fits, or its beginning and an ellipsis.
 */
export function shorten(text: string, limit: number, rewrite: (codePoint: string) => string = (codePoint) => codePoint): string {
  let kept = "";
  let cut = "";
  for (const codePoint of text) {
    const written = rewrite(codePoint);
    if (kept.length + written.length > limit) return `${cut}…`;
    kept += written;
    if (kept.length < limit) cut = kept;
  }
  return kept;
}

/** A number as people read it: whole numbers whole, others to six significant digits. */
export function numberText(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
}

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** A time span in its two largest units: 3 h 5 min. Negative ones are 0 s. */
export function elapsedText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const largest = UNITS.findIndex(([, size]) => seconds >= size);
  if (largest === -1) return "0 s";
  const [unit, size] = UNITS[largest]!;
  const first = `${Math.floor(seconds / size)} ${unit}`;
  const smaller = UNITS[largest + 1];
  const rest = smaller === undefined ? 0 : Math.floor((seconds % size) / smaller[1]);
  return rest === 0 ? first : `${first} ${rest} ${smaller![0]}`;
}

/** A time to the second, UTC. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
