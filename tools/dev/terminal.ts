/** What a person at the terminal sees. */
export interface Terminal {
  say(text: string): void;
  /** A bar that redraws itself where the terminal can, and says start and end where it cannot. */
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
          `\r${what} [${bar}] ${done.toLocaleString("en")}/${total.toLocaleString("en")} ${unit}, ${Math.round(rate).toLocaleString("en")}/s, ${left} s left \u001b[K`,
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
          say(`${out.isTTY ? "\r\u001b[K" : ""}${what}: ${total.toLocaleString("en")} ${unit} in ${seconds} s.`);
        },
      };
    },
  };
}

/** What to do next, for somebody who sees this for the first time. */
export const greeting = ({ url, apiKey, dataDir, empty }: { url: string; apiKey: string; dataDir: string; empty: boolean }): string => `
IntentVision is at ${url}. Its data, its log and its keys (local.json) are in ${dataDir}.
The API reference, to read and to try: ${url}/docs

Try these:
  curl -H 'X-API-Key: ${apiKey}' '${url}/api/v1/series'
  curl -H 'X-API-Key: ${apiKey}' '${url}/api/v1/${empty ? "rules" : "anomalies?limit=3"}'
  curl -H 'X-API-Key: ${apiKey}' '${url}/api/v1/inbox'
Send a metric of your own:
  curl -H 'X-API-Key: ${apiKey}' -H 'Content-Type: application/json' '${url}/api/v1/ingest' \\
    -d '{"metrics": [{"metricKey": "my.metric", "timestamp": ${Date.now()}, "value": 42}]}'

Ctrl-C stops it; nothing is lost.
`;
