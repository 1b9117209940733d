import { createHash } from "node:crypto";

/** What a forecast is asked to be. */
interface Asked {
  readonly backend: string;
  readonly horizon: number;
  readonly levels: readonly number[];
  readonly frequencyMs?: number | undefined;
  readonly bounds?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined;
}

/**
 * Stands for the points that a forecast is made of and what it is asked to be: two that differ in any of it have different ones.
 * @param points - Columns of shape (n,).
 */
export function fingerprintOf(
  { timestamps, values }: { readonly timestamps: Float64Array; readonly values: Float64Array },
  { backend, horizon, levels, frequencyMs, bounds = {} }: Asked,
): string {
  const asked = [backend, horizon, levels, frequencyMs ?? null, bounds.min ?? null, bounds.max ?? null, timestamps.length];
  const hash = createHash("sha256").update(JSON.stringify(asked));
  for (const column of [timestamps, values]) hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  return hash.digest("base64url");
}
