import type { Explanation } from "../../contract/anomaly.ts";
import { MOST_RARE } from "./calibration.ts";
import { METHODS } from "./methods.ts";
import { AGREEING_DAYS, scoreOf } from "./severity.ts";

/** What an anomaly says of itself, stored or found on demand. */
export interface Finding {
  readonly value: number;
  readonly expected: number | null;
  /** The band; null where there is none. */
  readonly lo: number | null;
  readonly hi: number | null;
  readonly daysPerFalseAlarm: number | null;
  /** These days are those of the run that it goes on with. */
  readonly goesOn: boolean;
  /** The values are what a counter adds a second. */
  readonly perSecond: boolean;
  readonly methods: Readonly<Record<string, { readonly score: number; readonly weight: number }>>;
}

const BY_NAME = new Map(METHODS.map((method) => [method.name, method]));
/** The text names so many of the methods. */
const NAMED = 3;
/** Days beyond which rarities cannot be told apart. */
const RAREST_DAYS = 10 ** MOST_RARE;
/** A percentage says nothing where it would be larger than this. */
const MOST_PERCENT = 10_000;
/** An expected value within this share of the band's width is near 0. */
const NEAR_ZERO_OF_BAND = 0.1;
const DIGITS = 4;
const MOST_DIGITS = 12;

/** Why a point is anomalous, for a person: how far off and how rare it is, and what the methods that agree found, the rarest first. */
export function explain(finding: Finding): Explanation {
  const rarity = rarityOf(finding.daysPerFalseAlarm);
  const reasons = reasonsOf(finding);
  const found = reasons.slice(0, NAMED).map(({ text }) => text);
  const sentences = [distanceOf(finding)];
  if (rarity !== null && finding.goesOn) sentences.push(`It goes on with what comes ${rarity}`);
  const often = rarity === null || finding.goesOn ? null : `A point like it comes ${rarity}`;
  if (found.length > 0) sentences.push(`${often ?? "What is unusual"}: ${found.join("; ")}`);
  else if (often !== null) sentences.push(often);
  return { text: sentences.map((sentence) => `${sentence}.`).join(" "), rarity, reasons };
}

/** How often a point comes by itself, from days per false alarm; null where that is not known. */
function rarityOf(days: number | null): string | null {
  if (days === null) return null;
  if (days >= RAREST_DAYS) return `less than once in ${readable(RAREST_DAYS)} days`;
  if (days >= 1.5) return `about once in ${readable(days < 10 ? Math.round(days) : Number(days.toPrecision(2)))} days`;
  if (days >= 0.75) return "about once a day";
  return days >= 0.4 ? "about twice a day" : "several times a day";
}

/** Those methods that agree, at least the one that is surest; what has no say is left out. */
function reasonsOf(finding: Finding): Explanation["reasons"] {
  const ordered = Object.entries(finding.methods)
    .filter(([, { score, weight }]) => weight > 0 && score > 0)
    .map(([method, { score }]) => ({ method, text: wordsOf(method, finding), score }))
    .toSorted((a, b) => b.score - a.score);
  const agreeing = ordered.filter(({ score }) => score >= scoreOf(AGREEING_DAYS));
  return agreeing.length > 0 ? agreeing : ordered.slice(0, 1);
}

/** What a method finds, in words that a person knows. */
function wordsOf(name: string, { value, expected, lo, hi }: Finding): string {
  const method = BY_NAME.get(name);
  if (method === undefined) return name === "timegpt" ? "outside of what TimeGPT expected" : `found by ${name}`;
  const off = expected === null ? 0 : value - expected;
  const isOutside = (lo !== null && value < lo) || (hi !== null && value > hi);
  return (off === 0 ? undefined : method.findsOff?.(off > 0 ? "above" : "below", isOutside)) ?? method.finds;
}

/** How far off a point is: by how much, by what percentage, and of which band. */
function distanceOf({ value, expected, lo, hi, perSecond }: Finding): string {
  const unit = perSecond ? " a second" : "";
  if (expected === null) return `The value is ${readable(value)}${unit}`;
  const off = value - expected;
  const isWithin = lo !== null && hi !== null && value >= lo && value <= hi;
  const width = lo === null || hi === null ? 0 : hi - lo;
  const own = digitsFor(Math.max(Math.abs(value), Math.abs(expected)), isWithin ? width : Math.abs(off));
  const digits = Math.max(own, width > 0 ? digitsFor(Math.max(Math.abs(lo!), Math.abs(hi!)), width) : 0);
  const number = (one: number) => readable(one, digits);
  const band = lo === null || hi === null ? "" : `${number(lo)} to ${number(hi)}`;
  if (isWithin) return `${number(value)}${unit} by itself lies within what was expected (${band})`;
  if (number(value) === number(expected)) return `${number(value)}${unit} by itself is what was expected`;
  const percent = percentOf({ off, expected, width });
  const side = off > 0 ? "above" : "below";
  return `${number(value)}${unit} is ${readable(Math.abs(off), DIGITS, digits === DIGITS)}${percent} ${side} the expected ${number(expected)}${band === "" ? "" : ` (${band})`}`;
}

function percentOf({ off, expected, width }: { off: number; expected: number; width: number }): string {
  const percent = Math.abs((off / expected) * 100);
  if (!(percent <= MOST_PERCENT) || Math.abs(expected) < NEAR_ZERO_OF_BAND * width) return "";
  return percent < 0.1 ? " (less than 0.1%)" : ` (${readable(Number(percent.toPrecision(percent < 1 ? 1 : 3)))}%)`;
}

/** Significant digits of numbers that are told apart by a difference so small. */
export function digitsFor(largest: number, off: number): number {
  if (off === 0) return DIGITS;
  return Math.min(MOST_DIGITS, Math.max(DIGITS, Math.ceil(Math.log10(largest / off)) + 2));
}

const SHORT = new Intl.NumberFormat("en", { maximumSignificantDigits: DIGITS });
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", compactDisplay: "long", maximumSignificantDigits: DIGITS });

/** A number as people read it: 0.001234, 12.35, 12,346, 1.235 million; a power of ten only where it is larger or smaller than what has a name. */
export function readable(value: number, digits = DIGITS, isCompact = digits === DIGITS): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e15 || size < 1e-9)) {
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    return `${Number(mantissa)} × 10^${Number(power)}`;
  }
  if (!isCompact) return new Intl.NumberFormat("en", { maximumSignificantDigits: digits }).format(value);
  if (size >= 1e6) return COMPACT.format(value);
  return (size >= 1e3 ? WHOLE : SHORT).format(value);
}
