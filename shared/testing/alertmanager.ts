import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, onPath } from "./programs.ts";

/** Says why a test with Alertmanager is skipped, and what would let it run. */
export const ALERTMANAGER_MISSING =
  "Skipped: Alertmanager was not found on PATH. It comes as Debian's package prometheus-alertmanager, or from https://prometheus.io/download/.";

const program = () => onPath("prometheus-alertmanager") ?? onPath("alertmanager");
export const hasAlertmanager = (): boolean => program() !== null;

/** As Alertmanager's API answers it. */
export interface GettableAlert {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly status: { readonly state: string };
}

export interface Alertmanager {
  readonly url: string;
  readonly host: string;
  /** What fires. */
  alerts(): Promise<readonly GettableAlert[]>;
  /** All that it has logged. */
  log(): string;
  stop(): Promise<void>;
}

const STARTS_WITHIN_MS = 20_000;

/**
 * Starts Alertmanager, and waits until it is ready.
 * @param options.webhook - Where it sends what it is told.
 * @throws Error with what it logged, where it did not start.
 */
export async function startAlertmanager({ webhook }: { readonly webhook: string }): Promise<Alertmanager> {
  const folder = await mkdtemp(join(tmpdir(), "alertmanager-"));
  const config = {
    route: { receiver: "hook", group_by: ["alertname"], group_wait: "1s", group_interval: "1s", repeat_interval: "1h" },
    receivers: [{ name: "hook", webhook_configs: [{ url: webhook, send_resolved: true }] }],
  };
  // YAML takes JSON as it is.
  await writeFile(join(folder, "alertmanager.yml"), JSON.stringify(config));
  const host = `127.0.0.1:${await freePort()}`;
  const flags = [
    `--config.file=${join(folder, "alertmanager.yml")}`,
    `--storage.path=${join(folder, "data")}`,
    `--web.listen-address=${host}`,
    "--cluster.listen-address=",
  ];
  const child = spawn(program()!, flags, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => void (log += text));
  const closed = once(child, "close");
  const url = `http://${host}`;
  const alertmanager: Alertmanager = {
    url,
    host,
    async alerts() {
      const response = await fetch(`${url}/api/v2/alerts`);
      if (!response.ok) throw new Error(`Alertmanager answered ${response.status}`);
      return (await response.json()) as GettableAlert[];
    },
    log: () => log,
    async stop() {
      child.kill("SIGTERM");
      await closed;
      await rm(folder, { recursive: true });
    },
  };
  for (const end = Date.now() + STARTS_WITHIN_MS; ; await pause(100)) {
    const ready = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return alertmanager;
    if (child.exitCode !== null || Date.now() > end) {
      await alertmanager.stop();
      throw new Error(`Alertmanager did not start. It logged:\n${log}`);
    }
  }
}
