import { readdir, readFile } from "node:fs/promises";

/**
 * CPU seconds that the living threads of a process have used so far, to the nanosecond.
 * @throws Error where the kernel does not account for threads: this needs Linux.
 */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const used = await Promise.all(
    threads.map(async (thread) => Number((await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")).split(" ", 1)[0])),
  );
  return used.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e9;
}

/** The most memory that a process has held so far, in MiB. */
export async function peakMemoryMiBOf(pid: number): Promise<number> {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))!;
  return Number(kilobytes) / 1_024;
}

/** CPU seconds of this process so far. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The value that a share of the values is at most; between two values, the line through them. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) throw new Error("There is no quantile of no values");
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (place - Math.floor(place)) * (above - below);
}

export const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export const median = (values: readonly number[]): number => quantile(values, 0.5);
