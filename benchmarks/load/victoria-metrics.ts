import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, onPath } from "../../shared/testing/programs.ts";

const STARTS_WITHIN_MS = 15_000;

/** Says why its rows are left out, and what would bring them. */
export const VICTORIA_METRICS_MISSING =
  "VictoriaMetrics was not found on PATH, and its rows are left out. It comes as Debian's package victoria-metrics.";

/** Starts VictoriaMetrics on an empty folder; null where it is not installed. */
export async function startVictoriaMetrics(): Promise<{ url: string; pid: number; stop(): Promise<void> } | null> {
  const program = onPath("victoria-metrics");
  if (program === null) return null;
  const folder = await mkdtemp(`${tmpdir()}/victoria-metrics-`);
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(program, [`-storageDataPath=${folder}`, `-httpListenAddr=${new URL(url).host}`, "-retentionPeriod=100y"], {
    stdio: "ignore",
  });
  const closed = once(child, "close");
  for (const giveUpAt = performance.now() + STARTS_WITHIN_MS; !(await fetch(`${url}/health`).catch(() => null)); await pause(50))
    if (performance.now() > giveUpAt) throw new Error("VictoriaMetrics did not start");
  return {
    url,
    pid: child.pid!,
    async stop() {
      child.kill("SIGTERM");
      await closed;
      await rm(folder, { recursive: true });
    },
  };
}
