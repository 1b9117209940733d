import { MAX_METRICS } from "../../shared/contract/ingest.ts";
import type { BadRow } from "../files/cells.ts";
import type { RowPart, RowPoint } from "./layout.ts";
import type { Line } from "./lines.ts";

/** Where in a file an import stands. */
export interface Position {
  /** Bytes before the row that is next; of a gzipped file those of what it holds. */
  readonly offset: number;
  /** The number of that row's line. */
  readonly line: number;
  /** The parts of that row that are behind. */
  readonly taken: number;
}

/** A piece of a file that is sent in one request: its points, and what is no point. */
export interface Batch {
  readonly from: Position;
  readonly to: Position;
  /** At most 1,000; none where there is nothing to send. */
  readonly points: readonly RowPoint[];
  /** The line of each point. */
  readonly lines: readonly number[];
  /** Parts of rows that are no points. */
  readonly unreadable: number;
  /** The first of them. */
  readonly bad: readonly BadRow[];
}

/** Of what went wrong the first so many are told. */
export const TOLD = 10;

/** A batch ends early where its points come to about so many characters, or it went through so many lines or bad parts. */
const MAX_CHARACTERS = 4 * 2 ** 20;
const MAX_LINES = 50_000;

/**
 * Parts a file into batches, from a position on. Where a batch ends follows from where it began and from the file alone: from the end of
 * any batch on, the same ones follow.
 *
 * @param blocks - The file's lines, in their order; those before the position are left out.
 * @param read - A row's parts, always the same for the same text.
 */
export async function* planBatches(
  blocks: AsyncIterable<readonly Line[]>,
  read: (text: string) => readonly RowPart[],
  from: Position,
): AsyncGenerator<Batch> {
  let batch = open(from);
  let skip = from.taken;
  for await (const block of blocks) {
    for (const line of block) {
      if (line.from < from.offset) continue;
      const parts = line.flaw === null ? read(line.text) : [{ why: line.flaw }];
      for (let part = skip; part < parts.length; part += 1) {
        if (isFull(batch)) {
          yield close(batch, { offset: line.from, line: line.number, taken: part });
          batch = open({ offset: line.from, line: line.number, taken: part });
        }
        add(batch, parts[part]!, line.number);
      }
      skip = 0;
      batch.to = { offset: line.to, line: line.number + 1, taken: 0 };
      batch.through += 1;
      if (!isFull(batch)) continue;
      yield close(batch, batch.to);
      batch = open(batch.to);
    }
  }
  if (batch.to.offset > batch.from.offset) yield close(batch, batch.to);
}

interface OpenBatch {
  readonly from: Position;
  to: Position;
  readonly points: RowPoint[];
  readonly lines: number[];
  unreadable: number;
  readonly bad: BadRow[];
  characters: number;
  /** Lines. */
  through: number;
}

const open = (from: Position): OpenBatch => ({ from, to: from, points: [], lines: [], unreadable: 0, bad: [], characters: 0, through: 0 });

const close = ({ from, points, lines, unreadable, bad }: OpenBatch, to: Position): Batch => ({ from, to, points, lines, unreadable, bad });

function add(batch: OpenBatch, part: RowPart, line: number): void {
  if ("why" in part) {
    batch.unreadable += 1;
    if (batch.bad.length < TOLD) batch.bad.push({ line, why: part.why });
    return;
  }
  batch.points.push(part);
  batch.lines.push(line);
  batch.characters += part.characters;
}

const isFull = ({ points, unreadable, characters, through }: OpenBatch): boolean =>
  points.length === MAX_METRICS || characters >= MAX_CHARACTERS || unreadable >= MAX_LINES || through >= MAX_LINES;
