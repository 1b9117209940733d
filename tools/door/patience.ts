import { setTimeout as pause } from "node:timers/promises";
import type { Client, DoorAnswer } from "../dev/client.ts";

/** A refusal that asks for patience is tried again so often. */
const MOST_TRIES = 20;

/** Asks, and asks again for as long as the answer is to wait. @throws Error that says what to do, where nothing answers. */
export async function patiently(client: Pick<Client, "ask">, ...request: Parameters<Client["ask"]>): Promise<DoorAnswer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await client.ask(...request).catch((error: unknown) => {
      throw new Error("Nothing answers there: start it with npm start.", { cause: error });
    });
    if (answer.ok || answer.retryAfterS === null || !Number.isFinite(answer.retryAfterS) || tries === MOST_TRIES) return answer;
    await pause(answer.retryAfterS * 1_000);
  }
}
