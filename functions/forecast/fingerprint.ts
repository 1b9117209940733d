import { createHash } from "node:crypto";
import type { Observations } from "../../shared/ports/forecasters.ts";
import type { ForecastParameters } from "../../shared/ports/forecasts.ts";

/** Stands for the points that a forecast is made of and what it is asked to be: two that differ in any of it have different ones. */
export function fingerprintOf({ timestamps, values }: Observations, parameters: ForecastParameters): string {
  const { backend, horizon, levels, frequencyMs = null, bounds: { min = null, max = null } = {} } = parameters;
  const hash = createHash("sha256").update(JSON.stringify([backend, horizon, levels, frequencyMs, min, max, timestamps.length]));
  for (const column of [timestamps, values]) hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  return hash.digest("base64url");
}
