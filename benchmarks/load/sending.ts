import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "undici";
import { cpuSecondsOf } from "../measure.ts";
import { SERIES, scrapes } from "./workload.ts";
import type { Scrape } from "./workload.ts";

const CONNECTIONS = 4;
const WARM_UP_MS = 5_000;
const WINDOWS = 5;
const WINDOW_MS = 4_000;

/** How long one server is measured. */
export const SENDING_S = (WARM_UP_MS + WINDOWS * WINDOW_MS) / 1_000;

/** How a protocol sends a scrape of all series in one request. */
export interface Door {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  bodyOf(scrape: Scrape): string | Uint8Array;
  /** Whether the answer says that all of it was taken in. */
  isTaken(status: number, answer: string): boolean;
}

/**
 * Sends scrapes over CONNECTIONS connections, each the next when the one before was answered.
 * @param first - The scrape to begin with.
 * @returns Points per CPU-second of the server's process in each window, and how many scrapes it took in all.
 */
export async function measureSending(
  { url, pid }: { readonly url: string; readonly pid: number },
  { path, headers, bodyOf, isTaken }: Door,
  first = 0,
): Promise<{ rates: number[]; scrapes: number }> {
  const pool = new Pool(url, { connections: CONNECTIONS });
  const source = scrapes(first);
  let [acknowledged, sending] = [0, true];

  async function send(): Promise<void> {
    while (sending) {
      const { statusCode, body } = await pool.request({ method: "POST", path, headers, body: bodyOf(source.next().value) });
      const answer = await body.text();
      if (!isTaken(statusCode, answer)) throw new Error(`${path} answered ${statusCode}: ${answer}`);
      acknowledged += 1;
    }
  }
  async function watch(): Promise<number[]> {
    const rates: number[] = [];
    await pause(WARM_UP_MS);
    for (let window = 0; window < WINDOWS; window++) {
      const [cpuBefore, before] = [await cpuSecondsOf(pid), acknowledged];
      await pause(WINDOW_MS);
      rates.push(((acknowledged - before) * SERIES.length) / ((await cpuSecondsOf(pid)) - cpuBefore));
    }
    sending = false;
    return rates;
  }
  const [rates] = await Promise.all([watch(), ...Array.from({ length: CONNECTIONS }, send)]);
  await pool.close();
  return { rates, scrapes: acknowledged };
}
