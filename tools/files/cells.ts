import { parseTime } from "../../shared/contract/time.ts";

/** A row that is left out. `line` counts from 1. */
export interface BadRow {
  readonly line: number;
  readonly why: string;
}

/** What headers call the columns of times and of values. */
export const TIME_COLUMN = /^(?:timestamp|time|datetime|date|ds)$/i;
export const VALUE_COLUMN = /^(?:value|y)$/i;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const WITHOUT_ZONE = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)$/;
const WITH_ZONE = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}\S*)$/;
/** Epochs below this are seconds: as seconds it is the year 5138, as milliseconds it is 1973. */
const LEAST_EPOCH_MS = 1e11;
const SHOWN_CHARACTERS = 40;

/**
 * Unix ms of a time as files have it: ISO 8601; `YYYY-MM-DD HH:MM:SS` and the like without a zone, then UTC; a day, then its midnight; or
 * an epoch in seconds or milliseconds.
 *
 * @returns null where it is none of them, or no day of the calendar.
 */
export function parseTimestamp(text: string): number | null {
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const epoch = Number(text);
    return parseTime(Math.round(epoch < LEAST_EPOCH_MS ? epoch * 1_000 : epoch));
  }
  if (DAY.test(text)) return parseTime(`${text}T00:00Z`);
  return parseTime(text.replace(WITHOUT_ZONE, "$1T$2Z").replace(WITH_ZONE, "$1T$2"));
}

export const isNumber = (text: string): boolean => NUMBER.test(text) && Number.isFinite(Number(text));

export const notATime = (text: string): string => `Expected a time, got ${shown(text)}`;
export const notANumber = (text: string): string => `Expected a finite number, got ${shown(text)}`;

const shown = (text: string): string =>
  text === "" ? "nothing" : JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text);
