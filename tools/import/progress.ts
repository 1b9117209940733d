import type { IngestAnswer } from "../../shared/contract/ingest.ts";
import type { BadRow } from "../files/cells.ts";
import { TOLD } from "./batches.ts";
import type { Batch, Position } from "./batches.ts";

/** What became of a file up to a position. */
export interface Progress {
  readonly position: Position;
  readonly accepted: number;
  /** By the door, which keeps them as dead letters. */
  readonly rejected: number;
  /** Parts of rows that are no points, and never got there. */
  readonly unreadable: number;
  /** The first of those that were not taken, by their lines. */
  readonly told: readonly BadRow[];
}

export const BEGINNING: Progress = {
  position: { offset: 0, line: 1, taken: 0 },
  accepted: 0,
  rejected: 0,
  unreadable: 0,
  told: [],
};

/** The progress after the next batch of the file. */
export function advanced(before: Progress, batch: Batch, { accepted, rejected, errors }: IngestAnswer): Progress {
  const refused = errors.map(({ index, path, message }) => ({
    line: batch.lines[index] ?? batch.from.line,
    why: path === "" ? message : `${path}: ${message}`,
  }));
  const wrong = [...batch.bad, ...refused].toSorted((a, b) => a.line - b.line);
  return {
    position: batch.to,
    accepted: before.accepted + accepted,
    rejected: before.rejected + rejected,
    unreadable: before.unreadable + batch.unreadable,
    told: [...before.told, ...wrong].slice(0, TOLD),
  };
}
