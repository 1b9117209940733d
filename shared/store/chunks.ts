import type { OrgId, SeriesId } from "../contract/ids.ts";
import { decodeChunk, encodeChunk } from "../core/series/chunk-codec.ts";
import type { Tier } from "../core/series/compaction-plan.ts";
import { asDecimals } from "../core/series/decimals.ts";
import { encodeRollup } from "../core/series/rollup.ts";
import type { PointColumns } from "../ports/points.ts";
import { bytesOf } from "./database.ts";
import type { Statement } from "./database.ts";

/** A tier as its column has it. */
export const TIERS = { small: 2, merged: 1, expired: 0 } as const satisfies Record<Tier, number>;
const TIER_OF: readonly Tier[] = ["expired", "merged", "small"];
export const tierOf = (column: unknown): Tier => TIER_OF[column as number]!;

// Many rows in one statement, at a third of the cost of one each: their bytes come as one blob, their rollups before their points.
const INSERT_CHUNKS = `
  INSERT INTO chunk (org, series, t0, t1, n, seq, tier, encoding, rollup, data)
  SELECT :org, value ->> 0, value ->> 1, value ->> 2, value ->> 3, :seq, value ->> 4, value ->> 5,
    CASE value ->> 7 WHEN 0 THEN NULL ELSE substr(:bytes, 1 + (value ->> 6), value ->> 7) END,
    substr(:bytes, 1 + (value ->> 6) + (value ->> 7), value ->> 8)
  FROM json_each(:rows)`;
/** A statement takes so many rows, or bytes: a substr of a long blob is no dearer, but a remote call has to carry it. */
const ROWS_A_STATEMENT = 200;
const BYTES_A_STATEMENT = 512 * 1_024;

/** A chunk that is to be stored. */
export interface NewChunk {
  readonly series: SeriesId;
  readonly t0: number;
  readonly t1: number;
  readonly n: number;
  readonly tier: Tier;
  readonly encoding: number;
  readonly rollup: Uint8Array | null;
  readonly data: Uint8Array;
}

/** Encodes ascending points, at least one: what is merged for long is compressed and has a rollup, where that pays. */
export function newChunk(series: SeriesId, tier: Tier, { timestamps, values }: PointColumns): NewChunk {
  const decimals = asDecimals(values);
  const merged = tier === "merged";
  return {
    series,
    t0: timestamps[0]!,
    t1: timestamps.at(-1)!,
    n: timestamps.length,
    tier,
    ...encodeChunk({ timestamps, values }, { compress: merged, decimals }),
    rollup: merged ? encodeRollup(timestamps, values, decimals) : null,
  };
}

/** The points of a row with `encoding` and `data`. */
export function pointsOf(row: Readonly<Record<string, unknown>>): { timestamps: Float64Array; values: Float64Array } {
  return decodeChunk({ encoding: row["encoding"] as number, data: bytesOf(row["data"] as ArrayBuffer) });
}

/** Stores chunks; those that stay come first, so that the pages they fill are left alone when the others go. */
export function insertChunks(org: OrgId, seq: number, chunks: readonly NewChunk[]): Statement[] {
  const statements: Statement[] = [];
  let part: NewChunk[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (part.length === 0) return;
    const packed = new Uint8Array(bytes);
    let end = 0;
    const rows = part.map(({ series, t0, t1, n, tier, encoding, rollup, data }) => {
      const start = end;
      if (rollup !== null) packed.set(rollup, start);
      packed.set(data, start + (rollup?.length ?? 0));
      end = start + (rollup?.length ?? 0) + data.length;
      return [series, t0, t1, n, TIERS[tier], encoding, start, rollup?.length ?? 0, data.length];
    });
    statements.push({ sql: INSERT_CHUNKS, args: { org, seq, rows: JSON.stringify(rows), bytes: packed } });
    [part, bytes] = [[], 0];
  };
  for (const tier of ["merged", "small"] as const) {
    for (const chunk of chunks) {
      if (chunk.tier !== tier) continue;
      part.push(chunk);
      bytes += chunk.data.length + (chunk.rollup?.length ?? 0);
      if (part.length === ROWS_A_STATEMENT || bytes >= BYTES_A_STATEMENT) flush();
    }
  }
  flush();
  return statements;
}
