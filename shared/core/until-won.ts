import { Problem } from "../contract/problem.ts";

/** How often a write is tried anew that lost against another. */
const TRIES = 5;

/**
 * Loads, decides and writes; anew as long as the write loses against another.
 *
 * @param what - What changes, for who hears that it does so all the time: `The settings are`.
 * @param attempt - Answers null where its write lost.
 * @throws Problem conflict, and what the attempt throws.
 */
export async function untilWon<Won extends object>(what: string, attempt: () => Promise<Won | null>, tries = TRIES): Promise<Won> {
  for (let n = 0; n < tries; n += 1) {
    const won = await attempt();
    if (won !== null) return won;
  }
  throw new Problem("conflict", `${what} changing all the time. Send the request again.`);
}
