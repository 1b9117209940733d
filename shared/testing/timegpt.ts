import type { RegularObservations } from "../ports/forecasters.ts";
import { createTimegpt } from "../forecasters/timegpt.ts";
import type { TimegptOptions } from "../forecasters/timegpt.ts";
import { startTimegptServer } from "./timegpt-server.ts";
import type { TimegptServer, TimegptServerOptions } from "./timegpt-server.ts";

export const HOUR = 3_600_000;
/** That the servers of tests know. */
export const KEY = "nixak-5SecretOfTheTests";

/** Starts a server that knows the key, in place of the one before where there is one. */
export async function startTimegpt(options: Partial<TimegptServerOptions> = {}, before?: TimegptServer): Promise<TimegptServer> {
  await before?.stop();
  return startTimegptServer({ key: KEY, ...options });
}

/** A backend that asks a server, and waits for nothing. */
export const timegptAt = ({ url }: TimegptServer, options: Partial<TimegptOptions> = {}) =>
  createTimegpt({ apiKey: KEY, baseUrl: url, model: "timegpt-2.1", now: () => 0, uniform: () => 1, pause: async () => {}, ...options });

/** Values of one hour after the other. */
export const hourly = (...values: readonly number[]): RegularObservations => ({
  timestamps: Float64Array.from(values, (_, i) => i * HOUR),
  values: Float64Array.from(values),
});
