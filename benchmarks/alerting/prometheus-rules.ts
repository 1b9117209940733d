import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, onPath } from "../../shared/testing/programs.ts";
import { PROMETHEUS_MISSING } from "../../shared/testing/prometheus.ts";
import { median } from "../measure.ts";

/** Seconds between scrapes, and between evaluations: time runs twelve times as fast as in what it stands beside, with as many points in a window. */
const STEP_S = 5;
const EVALUATIONS = 6;
const GIVES_UP_AFTER_MS = 180_000;
const DURATION = /^prometheus_rule_group_last_duration_seconds\{.*\} (.+)$/m;
const ITERATIONS = /^prometheus_rule_group_iterations_total\{.*\} (.+)$/m;

/**
 * How long Prometheus takes to evaluate rules, each on a series of its own, once: its own measure of the group, median of some evaluations.
 * @returns Seconds; null where Prometheus is not installed, which is said.
 */
export async function measurePrometheusRules(rules: number, say: (text: string) => void): Promise<number | null> {
  const program = onPath("prometheus");
  if (program === null) {
    say(PROMETHEUS_MISSING);
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), "prometheus-"));
  let scrapes = 0;
  const target = createServer((_request, response) => {
    scrapes += 1;
    response.setHeader("Content-Type", "text/plain; version=0.0.4");
    response.end(Array.from({ length: rules }, (_, n) => `cpu{host="${n}"} ${(n + scrapes) % 50 === 0 ? 95 : 50}\n`).join(""));
  }).listen(0, "127.0.0.1");
  await once(target, "listening");
  const { port } = target.address() as AddressInfo;
  // YAML takes JSON as it is.
  const config = {
    global: { scrape_interval: `${STEP_S}s`, evaluation_interval: `${STEP_S}s` },
    rule_files: [join(folder, "rules.yml")],
    scrape_configs: [{ job_name: "hosts", static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
  };
  const group = Array.from({ length: rules }, (_, n) => {
    return { alert: `CPU of ${n}`, expr: `avg_over_time(cpu{host="${n}"}[${5 * STEP_S}s]) > 90`, for: `${2 * STEP_S}s` };
  });
  await writeFile(join(folder, "prometheus.yml"), JSON.stringify(config));
  await writeFile(join(folder, "rules.yml"), JSON.stringify({ groups: [{ name: "hosts", rules: group }] }));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    program,
    [`--config.file=${join(folder, "prometheus.yml")}`, `--storage.tsdb.path=${join(folder, "data")}`, `--web.listen-address=${address}`],
    { stdio: "ignore" },
  );
  const closed = once(child, "close");
  try {
    return median(await durations(`http://${address}/metrics`));
  } finally {
    child.kill("SIGTERM");
    await closed;
    target.close();
    await rm(folder, { recursive: true });
  }
}

/** The durations of evaluations one after another, but for the first ones, before there are points in the windows. */
async function durations(url: string): Promise<readonly number[]> {
  const found: number[] = [];
  const giveUpAt = performance.now() + GIVES_UP_AFTER_MS;
  for (let seen = 5; found.length < EVALUATIONS; await pause(500)) {
    if (performance.now() > giveUpAt) throw new Error("Prometheus did not evaluate its rules");
    const text = await fetch(url).then(
      (response) => response.text(),
      () => "",
    );
    const iterations = Number(ITERATIONS.exec(text)?.[1] ?? 0);
    if (iterations <= seen) continue;
    seen = iterations;
    found.push(Number(DURATION.exec(text)![1]));
  }
  return found;
}
