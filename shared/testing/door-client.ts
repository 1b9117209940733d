import type { Client, DoorAnswer } from "../../tools/dev/client.ts";

/** What a door was asked. */
interface Asked {
  readonly path: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer of a door, such as a client hears it. */
export const answer = (status: number, body: unknown, retryAfterS: number | null = null): DoorAnswer => ({
  status,
  ok: status < 300,
  text: typeof body === "string" ? body : JSON.stringify(body),
  retryAfterS,
  etag: null,
});

/** A client that is given these answers, in their order; null: nothing answers. */
export function clientWith(answers: readonly (DoorAnswer | null)[]): { client: Pick<Client, "ask">; asked: Asked[] } {
  const asked: Asked[] = [];
  const left = [...answers];
  const ask: Client["ask"] = async (_method, path, body, headers = {}) => {
    asked.push({ path, body, headers });
    const next = left.shift();
    if (next === undefined) throw new Error("Nothing more was expected");
    if (next === null) throw new TypeError("fetch failed");
    return next;
  };
  return { client: { ask }, asked };
}
