import { cpus, freemem, hostname, loadavg, totalmem } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Client } from "./client.ts";

const SAMPLE_MS = 10_000;

/** Samples this machine's CPU, memory and load and this process's event-loop delay, through the HTTP door like anybody's metrics. */
export function startHostSampler(client: Client, now: () => number, onError: (error: unknown) => void): { stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const dimensions = { host: hostname() };
  let before = cpuTimes();
  const timer = setInterval(() => {
    const after = cpuTimes();
    const busy = 100 * (1 - (after.idle - before.idle) / Math.max(1, after.total - before.total));
    before = after;
    const timestamp = Math.floor(now() / SAMPLE_MS) * SAMPLE_MS;
    const metric = (metricKey: string, value: number) => ({ metricKey, timestamp, value: Math.round(value * 100) / 100, dimensions });
    const metrics = [
      metric("host.cpu_percent", Math.min(100, Math.max(0, busy))),
      metric("host.memory_percent", 100 * (1 - freemem() / totalmem())),
      metric("host.load_1m", loadavg()[0]!),
      metric("process.event_loop_delay_p99_ms", delay.percentile(99) / 1e6),
    ];
    delay.reset();
    client.ingest(metrics).catch(onError);
  }, SAMPLE_MS);
  return {
    stop() {
      clearInterval(timer);
      delay.disable();
    },
  };
}

function cpuTimes(): { idle: number; total: number } {
  let [idle, total] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, total };
}
