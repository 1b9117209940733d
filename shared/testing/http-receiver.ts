import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";

export interface ReceivedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** When its body was there, Unix ms. */
  readonly at: number;
}

/** What a receiver is told to do with a request, instead of judging it. */
export interface Answer {
  /** Default 200. A receiver takes what it answers 2xx, whether its sender hears of it or not. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly delayMs?: number;
  /** `hang`: the sender waits until the receiver stops. `cut`: the connection breaks without an answer. */
  readonly sender?: "hears" | "hang" | "cut";
}

export interface HttpReceiver {
  /** `http://127.0.0.1:port/...`, with a path that is secret, as those of real receivers are. */
  readonly url: string;
  /** `127.0.0.1:port`, for the list of allowed hosts. */
  readonly host: string;
  /** TCP connections so far, whether anything came over them or not. */
  connections(): number;
  /** The next requests are answered so, one each; a count repeats an answer. Those after them are judged again. */
  answerNext(answer: Answer, count?: number): void;
  /** Resolves as soon as this many requests came in since the start. */
  received(count: number): Promise<void>;
  /** Breaks what is open and frees the port. */
  stop(): Promise<void>;
}

/**
 * Starts a real HTTP server on a free port of 127.0.0.1 that other parts of the system send to.
 *
 * @param receive - Called once for each whole request, with the answer that it was told to give or null; it says what is answered.
 * @param now - The clock of the recorded times. Default: the system's.
 */
export async function startHttpReceiver(
  receive: (request: ReceivedRequest, told: Answer | null) => Answer,
  path: string,
  now: () => number = Date.now,
): Promise<HttpReceiver> {
  const told: Answer[] = [];
  const waiting = new Set<{ readonly count: number; readonly resolve: () => void }>();
  const stopping = new AbortController();
  let connections = 0;
  let received = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const answer = receive({ method: request.method!, path: request.url!, headers, body, at: now() }, told.shift() ?? null);
    received += 1;
    for (const waiter of waiting) {
      if (received < waiter.count) continue;
      waiting.delete(waiter);
      waiter.resolve();
    }
    await give(response, answer, stopping.signal);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: `http://${host}${path}`,
    host,
    connections: () => connections,
    answerNext(answer, count = 1) {
      for (let i = 0; i < count; i += 1) told.push(answer);
    },
    received: (count) =>
      new Promise((resolve) => {
        if (received >= count) resolve();
        else waiting.add({ count, resolve });
      }),
    async stop() {
      stopping.abort();
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

async function give(response: ServerResponse, answer: Answer, stopping: AbortSignal): Promise<void> {
  const { status = 200, headers = {}, body = "", delayMs = 0, sender = "hears" } = answer;
  if (sender === "hang") return;
  if (delayMs > 0) await pause(delayMs, undefined, { signal: stopping });
  if (sender === "cut") response.destroy();
  else response.writeHead(status, headers).end(body);
}

/** Whether a receiver that answers so has taken the request. */
export const isTaken = ({ status = 200 }: Answer): boolean => status >= 200 && status < 300;
