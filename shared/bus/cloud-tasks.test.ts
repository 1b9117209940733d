import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import onTick from "../../functions/notify/tick.ts";
import { operatorRequest } from "../net/operator-request.ts";
import type { Alarm } from "../ports.ts";
import { readEnvelope } from "../runtime/envelope.ts";
import { fire, storeRule } from "../testing/alerting.ts";
import { storeChannel } from "../testing/channels.ts";
import { startCloudTasksServer } from "../testing/cloud-tasks-server.ts";
import type { CloudTasksServer } from "../testing/cloud-tasks-server.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { notifierOver } from "../testing/notifier.ts";
import { createCloudTasksAlarm } from "./cloud-tasks.ts";

const QUEUE = "projects/prod/locations/europe-west1/queues/intentvision-notify";
const FUNCTION = "https://notify-due-abc-ew.a.run.app";
const INVOKER = "invoker@prod.iam.gserviceaccount.com";
const SECOND = 1_000;

let server: CloudTasksServer;
let harness: Harness;
let failures: string[];
beforeEach(async () => {
  server = await startCloudTasksServer(QUEUE);
  harness = await startHarness();
  failures = [];
});
afterEach(async () => {
  await server.stop();
  harness.close();
});

/** An alarm of a process of its own, for which the server is Google. */
const process = (queue = QUEUE): Alarm =>
  createCloudTasksAlarm({
    queue,
    url: FUNCTION,
    invoker: INVOKER,
    emulatorHost: undefined,
    clock: harness.clock,
    request: (url, call) =>
      operatorRequest(url.replace(/^https?:\/\/(cloudtasks\.googleapis\.com|metadata\.google\.internal)/, server.url), call),
    onFailure: (error) => failures.push((error as Error).message),
  });
const times = () => server.tasks().map(({ scheduleTime }) => Date.parse(scheduleTime) - START);

describe("an alarm", () => {
  test("is a task that calls the function at its time, as somebody who may", async () => {
    await process().wakeAt(START + 30 * SECOND);
    expect(failures).toEqual([]);
    expect(server.tasks()).toEqual([
      {
        name: expect.stringContaining(`${QUEUE}/tasks/due-`),
        scheduleTime: "2026-11-20T10:00:30.000Z",
        httpRequest: {
          url: FUNCTION,
          httpMethod: "POST",
          headers: { "Content-Type": "application/json" },
          body: expect.any(String),
          oidcToken: { serviceAccountEmail: INVOKER, audience: FUNCTION },
        },
      },
    ]);
  });

  test("never rings early, nor a second late", async () => {
    const alarm = process();
    for (const at of [-5_000, 0, 1, 999, 1_000, 1_001, 59_999, 60_000]) {
      await alarm.wakeAt(START + at);
      const rings = Math.max(...times());
      expect(rings).toBeGreaterThanOrEqual(at);
      expect(rings - Math.max(at, 250)).toBeLessThan(1_000);
    }
  });

  test("that a tick comes before is left to the tick", async () => {
    await process().wakeAt(START + 60_001);
    expect(server.statuses()).toEqual([]);
  });

  test("of one second is one task, however many processes set it, and one call a process", async () => {
    const [one, other] = [process(), process()];
    for (const ms of [100, 400, 900]) await one.wakeAt(START + 5_000 + ms);
    await other.wakeAt(START + 5_500);
    await other.wakeAt(START + 5_600);
    expect([times(), server.statuses(), failures]).toEqual([[6_000], [200, 409], []]);
  });

  test("that is asked for after one has rung is another task: a name that is taken rings no more", async () => {
    const alarm = process();
    await alarm.wakeAt(START);
    harness.clock.advance(1_000);
    await alarm.wakeAt(START + 1_000);
    harness.clock.advance(800);
    await alarm.wakeAt(START + 1_800);
    expect(times()).toEqual([1_000, 2_000, 3_000]);
  });
});

describe("an alarm that cannot be set fails nobody, is told of, and is tried again when it is next asked for", () => {
  test.each([
    ["a queue that is busy", 1, { status: 429 }, "Cloud Tasks answered 429"],
    ["a service that is down", 1, { status: 503 }, "Cloud Tasks answered 503"],
    ["a connection that breaks, also when it is new", 2, { sender: "cut" }, "Cloud Tasks cannot be reached"],
  ] as const)("%s", async (_what, count, answer, message) => {
    const alarm = process();
    // Which has it ask for its token.
    await alarm.wakeAt(START + SECOND);
    server.answerNext(answer, count);
    await alarm.wakeAt(START + 5 * SECOND);
    expect(failures).toEqual([message]);
    await alarm.wakeAt(START + 5 * SECOND);
    expect(times()).toEqual([SECOND, 5 * SECOND]);
  });

  test("a queue that is not there", async () => {
    await process(`${QUEUE}-other`).wakeAt(START);
    expect(failures).toEqual(["Cloud Tasks answered 404"]);
  });
});

test("the function takes what a task brings for a tick, and tells what is due", async () => {
  Object.assign(harness.deps.alarm, process());
  await storeChannel(harness, { kind: "console" });
  await fire(harness, await storeRule(harness), {});
  await notifierOver(() => harness).hand();
  const [task] = server.tasks();
  expect([times(), harness.printed]).toEqual([[30 * SECOND], []]);
  harness.clock.set(Date.parse(task!.scheduleTime));
  await harness.deliver(onTick, readEnvelope(JSON.parse(task!.httpRequest.body), harness.clock.now()));
  expect(harness.printed).toEqual([expect.stringContaining("CPU is high")]);
});
