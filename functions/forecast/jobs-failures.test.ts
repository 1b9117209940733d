import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Unavailable } from "../../shared/contract/problem.ts";
import { nativeForecaster } from "../../shared/forecasters/native.ts";
import { createForecasters } from "../../shared/forecasters/registry.ts";
import { JOB, startJobs } from "../../shared/testing/forecast-jobs.ts";
import type { Jobs } from "../../shared/testing/forecast-jobs.ts";
import { START } from "../../shared/testing/harness.ts";
import onEvent from "./event.ts";

const MINUTE = 60_000;
const STEP = 50;
const refuse = async () => {
  throw new Unavailable("The backend does not answer", { retryable: true });
};
const stumble = async () => {
  throw new Error("secret");
};

let jobs: Jobs;
beforeEach(async () => {
  jobs = await startJobs();
});
afterEach(() => jobs.harness.close());

describe("what cannot be forecast", () => {
  test("is counted and named, and holds up no other series", async () => {
    await jobs.store(3);
    const short = await jobs.harness.store("cpu", [[START, 1]], { host: "short" });
    const made = await jobs.create({ ...JOB, backend: "native" });
    await jobs.start(made);
    await jobs.work();
    expect(await jobs.job(made)).toMatchObject({
      status: "completed",
      lastRun: { series: 4, completed: 3, failed: 1, refusals: [{ series: short, reason: "2 points are needed, and there are 1." }] },
    });
  });

  test("of very many series the first are named", async () => {
    for (let host = 0; host < 30; host += 1) await jobs.harness.store("cpu", [[START, 1]], { host: String(host) });
    const made = await jobs.create({ ...JOB, backend: "native" });
    await jobs.start(made);
    await jobs.work();
    const { lastRun } = await jobs.job(made);
    expect(lastRun).toMatchObject({ failed: 30, completed: 0 });
    expect(lastRun!.refusals).toHaveLength(20);
  });

  test("of no series at all the run is completed", async () => {
    const made = await jobs.create();
    await jobs.start(made);
    await jobs.work();
    expect(await jobs.job(made)).toMatchObject({ status: "completed", lastRun: { series: 0, completed: 0, failed: 0 } });
  });

  test("because the backend is gone since is a failed run, which says so", async () => {
    await jobs.store(1);
    const made = await jobs.create();
    await jobs.start(made);
    const event = jobs.harness.committed.shift()!;
    const bare = createForecasters([nativeForecaster]);
    await onEvent.on["forecast-run.requested"]!(event.data as never, { event, now: START }, { ...jobs.harness.deps, forecasters: bare });
    expect(await jobs.job(made)).toMatchObject({ status: "failed", lastRun: { error: expect.stringContaining("stub is not configured") } });
  });

  test("because something fails is tried again with growing waits, and given up", async () => {
    await jobs.store(1);
    const made = await jobs.create();
    await jobs.start(made);
    jobs.backend.before = stumble;
    const waits: number[] = [];
    for (;;) {
      await jobs.harness.deliver(onEvent, jobs.harness.committed.shift()!).catch(() => {});
      const { lastRun } = await jobs.job(made);
      if (lastRun!.status === "failed") break;
      expect(lastRun).toMatchObject({ status: "running", error: "Something failed on our side." });
      waits.push((Date.parse(lastRun!.nextAttemptAt!) - jobs.harness.clock.now()) / 1_000);
      while (jobs.harness.committed.length === 0) {
        jobs.harness.clock.advance(MINUTE);
        await jobs.tick();
      }
    }
    expect(waits).toEqual([30, 60, 120, 240]);
    expect(await jobs.job(made)).toMatchObject({ lastRun: { attempts: 5, endedAt: expect.any(String) } });
    expect(JSON.stringify(await jobs.runs(made))).not.toContain("secret");

    jobs.backend.before = async () => {};
    expect((await jobs.request("POST", `/api/v1/forecast-jobs/${made.id}/runs`, {})).status).toBe(201);
  });

  test("for a while is made good, and the wait begins anew with each step that gets on", async () => {
    await jobs.store(STEP + 1);
    const made = await jobs.create();
    await jobs.start(made);
    jobs.backend.before = stumble;
    await jobs.harness.deliver(onEvent, jobs.harness.committed.shift()!).catch(() => {});
    jobs.backend.before = async () => {};
    jobs.harness.clock.advance(3 * MINUTE);
    await jobs.tick();
    await jobs.harness.deliver(onEvent, jobs.harness.committed.shift()!);
    expect(await jobs.job(made)).toMatchObject({
      status: "running",
      lastRun: { attempts: 0, error: null, nextAttemptAt: null, completed: STEP },
    });
    await jobs.work();
    expect(await jobs.job(made)).toMatchObject({ status: "completed", lastRun: { completed: STEP + 1 } });
  });

  test("because each worker dies at it is given up in the end", async () => {
    await jobs.store(1);
    const made = await jobs.create();
    await jobs.start(made);
    jobs.backend.before = () => new Promise(() => {});
    for (let died = 0; died < 5; died += 1) {
      void jobs.harness.deliver(onEvent, jobs.harness.committed.shift()!);
      while (jobs.backend.asked === died) await new Promise(setImmediate);
      jobs.harness.clock.advance(5 * MINUTE);
      await jobs.tick();
    }
    await jobs.harness.deliver(onEvent, jobs.harness.committed.shift()!);
    expect(await jobs.job(made)).toMatchObject({
      status: "failed",
      lastRun: { error: expect.stringContaining("Given up after 5 attempts") },
    });
  });

  test("because the first backend does not answer is made by the last resort", async () => {
    jobs.harness.close();
    jobs = await startJobs((stub) => [nativeForecaster, stub]);
    jobs.backend.before = refuse;
    await jobs.store(2);
    const made = await jobs.create();
    await jobs.start(made);
    await jobs.work();
    expect(await jobs.job(made)).toMatchObject({ status: "completed", lastRun: { completed: 2 } });
    expect((await jobs.forecasts())[0]).toMatchObject({
      backend: "native",
      fallback: { from: "stub", reason: "The backend does not answer" },
    });
  });
});
