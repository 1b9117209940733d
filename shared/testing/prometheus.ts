import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, onPath } from "./programs.ts";

/** Says why a test with Prometheus is skipped, and what would let it run. */
export const PROMETHEUS_MISSING =
  "Skipped: Prometheus was not found on PATH. It comes as Debian's package prometheus, or from https://prometheus.io/download/.";

export const hasPrometheus = (): boolean => onPath("prometheus") !== null;

export interface Prometheus {
  /** All that it has logged. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts Prometheus: it scrapes one target each second, and writes to one remote address.
 * @param options.target - host:port of what is scraped.
 * @param options.url - Where it writes to.
 */
export async function startPrometheus({ target, url, apiKey }: { target: string; url: string; apiKey: string }): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), "prometheus-"));
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s" },
    scrape_configs: [{ job_name: "shop", static_configs: [{ targets: [target] }] }],
    remote_write: [
      {
        url,
        authorization: { credentials: apiKey },
        metadata_config: { send_interval: "1s" },
        queue_config: { batch_send_deadline: "500ms", min_backoff: "100ms", max_backoff: "500ms" },
      },
    ],
  };
  // YAML takes JSON as it is.
  await writeFile(join(folder, "prometheus.yml"), JSON.stringify(config));
  const child = spawn(
    onPath("prometheus")!,
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${await freePort()}`,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => void (log += text));
  const closed = once(child, "close");
  return {
    log: () => log,
    async stop() {
      child.kill("SIGTERM");
      await closed;
      await rm(folder, { recursive: true });
    },
  };
}
