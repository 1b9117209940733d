import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { isExecutable } from "./programs.ts";

/** Where the service's files are. */
export const STATSFORECAST_DIR = fileURLToPath(new URL("../../services/statsforecast/", import.meta.url));

/** Says why a test against the service is skipped, and what would let it run. */
export const STATSFORECAST_MISSING =
  "Skipped: the StatsForecast service is not set up. `npm run statsforecast:setup` does it, given Python 3.11, 3.12 or 3.13.";

const STARTS_WITHIN_MS = 60_000;
const LISTENS = /listens on (http:\S+)/;

export interface StatsForecastService {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** Ends it and its workers. */
  stop(): Promise<void>;
}

/** The Python of the service's virtual environment; null when that is not set up. */
export function statsForecastPython(): string | null {
  const python = `${STATSFORECAST_DIR}.venv/bin/python`;
  return isExecutable(python) ? python : null;
}

/**
 * Starts the real service on a free port of this machine, and waits until it serves.
 * @throws Error when it is not set up, or with what it printed when it does not come up within a minute.
 */
export async function startStatsForecastService(env: Readonly<Record<string, string>> = {}): Promise<StatsForecastService> {
  const python = statsForecastPython();
  if (python === null) throw new Error(STATSFORECAST_MISSING);
  const child = spawn(python, ["-m", "forecast_service"], {
    cwd: STATSFORECAST_DIR,
    env: { PATH: process.env["PATH"], ...env, HOST: "127.0.0.1", PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const fail = () => {
      child.kill("SIGKILL");
      reject(new Error(`The StatsForecast service did not start: ${output.slice(-2_000)}`));
    };
    const limit = setTimeout(fail, STARTS_WITHIN_MS);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const listening = LISTENS.exec(output)?.[1];
      if (listening === undefined) return;
      clearTimeout(limit);
      resolve(listening);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", fail);
    child.on("close", fail);
  });
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      await closed;
    },
  };
}
