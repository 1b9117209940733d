import { elapsedText } from "../../shared/core/message/plain-text.ts";

/** What a person at the terminal sees. */
export interface Terminal {
  say(text: string): void;
  /**
   * A bar that redraws itself where the terminal can, and a line at the end.
   * @param unit - Of one.
   */
  progress(what: string, total: number, unit: string): { update(done: number): void; done(): void };
  /**
   * A bar over the bytes of a file, with the rate of the units that are in it; a plain line every ten seconds where the terminal cannot
   * redraw.
   *
   * @param totalBytes - null where nobody knows: then no share and no time left are shown.
   * @param unit - Of one.
   */
  transfer(what: string, totalBytes: number | null, unit: string): Transfer;
}

interface Transfer {
  /**
   * @param bytes - Of the file that are done.
   * @param units - Done since this transfer began.
   */
  update(bytes: number, units: number): void;
  /** Takes the bar away. */
  clear(): void;
}

const BAR_CHARACTERS = 30;
const REDRAW_MS = 100;
const PLAIN_LINE_MS = 10_000;

export function createTerminal(
  out: Pick<NodeJS.WriteStream, "write"> & { readonly isTTY?: boolean },
  now = () => performance.now(),
): Terminal {
  const say = (text: string) => void out.write(`${text}\n`);
  return {
    say,
    progress(what, total, unit) {
      const startedAt = now();
      let drawnAt = 0;
      const draw = (done: number) => {
        const rate = done / Math.max((now() - startedAt) / 1_000, 0.001);
        const left = Math.ceil((total - done) / Math.max(rate, 1));
        out.write(
          `${REDRAWN}${what} ${bar(done / Math.max(1, total))} ${done.toLocaleString("en")}/${total.toLocaleString("en")} ${unit}s, ${whole(rate)}/s, ${left} s left`,
        );
      };
      return {
        update(done) {
          if (!out.isTTY || now() - drawnAt < REDRAW_MS) return;
          drawnAt = now();
          draw(done);
        },
        done() {
          const seconds = ((now() - startedAt) / 1_000).toFixed(1);
          say(`${out.isTTY ? REDRAWN : ""}${what}: ${count(total, unit)} in ${seconds} s.`);
        },
      };
    },
    transfer(what, totalBytes, unit) {
      const startedAt = now();
      let drawnAt = startedAt;
      let bytesBefore: number | null = null;
      return {
        update(bytes, units) {
          bytesBefore ??= bytes;
          if (now() - drawnAt < (out.isTTY ? REDRAW_MS : PLAIN_LINE_MS)) return;
          drawnAt = now();
          const seconds = Math.max((now() - startedAt) / 1_000, 0.001);
          const told = `${count(units, unit)}, ${whole(units / seconds)}/s`;
          if (totalBytes === null) return void out.write(out.isTTY ? `${REDRAWN}${what} ${told}` : `${what}: ${told}\n`);
          const share = Math.min(1, bytes / Math.max(1, totalBytes));
          const bytesPerMs = (bytes - bytesBefore) / (seconds * 1_000);
          const left = bytesPerMs > 0 ? `, ${elapsedText((totalBytes - bytes) / bytesPerMs)} left` : "";
          const percent = `${Math.floor(share * 100)}%`;
          out.write(out.isTTY ? `${REDRAWN}${what} ${bar(share)} ${percent} ${told}${left}` : `${what}: ${percent}, ${told}${left}\n`);
        },
        clear: () => void (out.isTTY && out.write(REDRAWN)),
      };
    },
  };
}

/** Goes back to the beginning of the line, and empties it. */
const REDRAWN = "\r\u001b[K";

function bar(share: number): string {
  const filled = Math.round(BAR_CHARACTERS * share);
  return `[${"#".repeat(filled)}${".".repeat(BAR_CHARACTERS - filled)}]`;
}

const whole = (n: number): string => Math.round(n).toLocaleString("en");

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

interface Address {
  readonly url: string;
  readonly apiKey: string;
  readonly dataDir: string;
  /** Unix ms. */
  readonly now: number;
}

const where = ({ url, dataDir }: Address): string =>
  `IntentVision is at ${url}. Its data, its log and its keys (local.json) are in ${dataDir}.`;
const HOW_TO_END = "Ctrl-C stops it; nothing is lost.";

const tryIngest = ({ url, apiKey, now }: Address): string => `Send a metric of your own:
  curl -H 'X-API-Key: ${apiKey}' -H 'Content-Type: application/json' '${url}/api/v1/ingest' \\
    -d '{"metrics": [{"metricKey": "my.metric", "timestamp": ${now}, "value": 42}]}'`;

/**
 * What to do next, for somebody who sees this for the first time.
 * @param address.incidentAt - When the demo's incident begins, Unix ms; null where there is no demo.
 */
export function greeting(address: Address & { readonly incidentAt: number | null }): string {
  const { url, apiKey, incidentAt, now } = address;
  const get = (path: string) => `  curl -H 'X-API-Key: ${apiKey}' '${url}${path}'`;
  const demo =
    incidentAt === null
      ? ""
      : `
From now on the shop is simulated minute by minute, and this machine's own CPU, memory, load and event-loop delay are sampled.
At ${clockTime(incidentAt)} UTC, in ${Math.ceil((incidentAt - now) / 1_000)} s, an incident begins in the shop: its alert appears here, and in the inbox.
`;
  return `
${where(address)}
The API reference, to read and to try with the key below: ${url}/docs
${demo}
See the series, the newest anomalies of high severity, and the inbox, which is empty until the first alert:
${get("/api/v1/series")}
${get("/api/v1/anomalies?minSeverity=high&limit=3")}
${get("/api/v1/inbox")}
${tryIngest(address)}

${HOW_TO_END}
`;
}

/** The same of one capability that runs without the others. */
export const greetingAlone = (address: Address & { readonly serves: readonly string[] }): string => `
${where(address)}
It serves ${address.serves.join(", ")} alone. What follows from it is done by the next whole start on the same data.

${address.serves.includes("/api/v1/ingest") ? `${tryIngest(address)}\n\n` : ""}${HOW_TO_END}
`;

const clockTime = (at: number): string => new Date(at).toISOString().slice(11, 16);
