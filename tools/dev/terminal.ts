/** What a person at the terminal sees. */
export interface Terminal {
  say(text: string): void;
  /**
   * A bar that redraws itself where the terminal can, and a line at the end.
   * @param unit - Of one.
   */
  progress(what: string, total: number, unit: string): { update(done: number): void; done(): void };
}

const BAR_CHARACTERS = 30;
const REDRAW_MS = 100;

export function createTerminal(out: NodeJS.WriteStream): Terminal {
  const say = (text: string) => void out.write(`${text}\n`);
  return {
    say,
    progress(what, total, unit) {
      const startedAt = performance.now();
      let drawnAt = 0;
      const draw = (done: number) => {
        const seconds = (performance.now() - startedAt) / 1_000;
        const filled = Math.round((BAR_CHARACTERS * done) / Math.max(1, total));
        const bar = `${"#".repeat(filled)}${".".repeat(BAR_CHARACTERS - filled)}`;
        const rate = done / Math.max(seconds, 0.001);
        const left = Math.ceil((total - done) / Math.max(rate, 1));
        out.write(
          `\r${what} [${bar}] ${done.toLocaleString("en")}/${total.toLocaleString("en")} ${unit}s, ${Math.round(rate).toLocaleString("en")}/s, ${left} s left \u001b[K`,
        );
      };
      return {
        update(done) {
          if (!out.isTTY || performance.now() - drawnAt < REDRAW_MS) return;
          drawnAt = performance.now();
          draw(done);
        },
        done() {
          const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
          say(`${out.isTTY ? "\r\u001b[K" : ""}${what}: ${total.toLocaleString("en")} ${total === 1 ? unit : `${unit}s`} in ${seconds} s.`);
        },
      };
    },
  };
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
