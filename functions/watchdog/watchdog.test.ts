import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DeliveryId } from "../../shared/contract/ids.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { createGuardedFetch } from "../../shared/net/guarded-fetch.ts";
import { evaluate, storeRule, testNotification } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { testPass } from "../../shared/testing/detection.ts";
import { killWrite, tick } from "../../shared/testing/evaluation.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";
import type { Watchdog } from "./contract.ts";
import { getWatchdog } from "./get.ts";
import { putWatchdog } from "./put.ts";
import onTick from "./tick.ts";

const MINUTE = 60_000;
const URL_OF_A_SWITCH = "https://hc-ping.com/5f3c9e1a-0000-4000-8000-verysecret";

let harness: Harness;
let calls: { at: number; url: string; method: string | undefined }[];
let answers: (number | "unreachable")[];
beforeEach(async () => {
  harness = await startHarness();
  calls = [];
  answers = [];
  const refusing = createGuardedFetch({ allow: [] });
  harness.answerFetch(async (url, request) => {
    calls.push({ at: (harness.clock.now() - START) / MINUTE, url, method: request.method });
    const answer = answers.shift() ?? 200;
    return answer === "unreachable" ? refusing("http://127.0.0.1:1/", request) : { status: answer, headers: {}, body: "OK" };
  });
});
afterEach(() => harness.close());

const { deliveries, ring } = notifierOver(() => harness);
const put = async (more: object = {}, options = {}) =>
  (await harness.call(putWatchdog, { url: URL_OF_A_SWITCH, every: "5m", ...more }, options)) as Watchdog;
const read = async (options = {}) => (await harness.call(getWatchdog, {}, options)) as Watchdog;
const beat = async (minute: number) => {
  harness.clock.set(START + minute * MINUTE);
  await harness.deliver(onTick, tick(harness));
};
/** Hands on what the outbox holds, as the relay would. */
async function publish(): Promise<void> {
  const { events } = harness.deps.store.platform;
  const rows = await events.pending({ after: 0, limit: 1_000 });
  await events.markPublished(
    rows.map(({ event }) => event.id),
    harness.clock.now(),
  );
}
/** Moves the cursors over everything, as if it had been scored, and looked at by rules. */
async function markScored(): Promise<void> {
  const from = await store().cursor("detect");
  const to = (await store().points.after(from, { maxPoints: 1_000_000 })).at(-1)?.seq ?? from;
  if (!(await store().detection.commit(testPass({ cursor: { from, to } })))) throw new Error("Somebody else scored it");
  const cursor = { from: await store().cursor("alert-evaluate"), to };
  await store().instances.commitPass({ evaluations: [], cursor, seen: [], at: harness.clock.now() });
}
const store = () => harness.deps.store.forOrg(harness.org);
const beats = () => calls.map(({ at }) => at);

describe("a heartbeat", () => {
  test("comes with the first tick, and then at every multiple of its interval, however the ticks wander", async () => {
    await put();
    for (const minute of [0.01, 1, 2, 3, 4, 5.02, 6, 7, 8, 9, 9.99, 11, 14.99, 15.001]) await beat(minute);
    expect(beats()).toEqual([0.01, 5.02, 11, 15.001]);
    expect(calls[0]).toMatchObject({ url: URL_OF_A_SWITCH, method: "GET" });
    expect(await read()).toMatchObject({ alive: true, faults: [], lastStatus: 200, lastError: null, every: "5m" });
    expect((await read()).nextBeatAt).toBe(new Date(START + 20 * MINUTE).toISOString());
  });

  test("is sent once, however many workers there are", async () => {
    await put({ method: "POST" });
    await Promise.all([beat(0), beat(0), beat(0)]);
    expect(calls).toMatchObject([{ method: "POST" }]);
  });

  test("that fails is sent again with the next tick, and what was wrong is seen", async () => {
    await put({ every: "1h" });
    answers = [503, "unreachable"];
    await beat(0);
    expect(await read()).toMatchObject({ lastStatus: 503, lastError: "The receiver answered 503", lastBeatAt: null });
    await beat(1);
    expect(await read()).toMatchObject({ lastStatus: null, lastError: "127.0.0.1 is not on the public internet" });
    await beat(2);
    await beat(3);
    expect(beats()).toEqual([0, 1, 2]);
    expect(await read()).toMatchObject({ lastStatus: 200, lastError: null, lastBeatAt: new Date(START + 2 * MINUTE).toISOString() });
  });

  test("whose sender died is sent again a minute later", async () => {
    await put({ every: "1h" });
    // The writes: the claim, the mark.
    killWrite(harness, "before", 2);
    await expect(beat(0)).rejects.toThrow();
    await beat(0.5);
    expect(beats()).toEqual([0]);
    await beat(1);
    expect(beats()).toEqual([0, 1]);
  });

  test("of a watchdog that is switched off is not sent", async () => {
    await put({ enabled: false });
    await beat(0);
    expect(calls).toEqual([]);
    expect(await read()).toMatchObject({ enabled: false, nextBeatAt: null });
  });

  test("on a channel goes the way of every message, and no more when it is late", async () => {
    const channel = await storeChannel(harness, { kind: "console" });
    await put({ url: undefined, channelId: channel.id });
    await Promise.all([beat(0), beat(0)]);
    await ring();
    expect(harness.printed).toEqual(["Heartbeat of IntentVision: evaluation, detection and delivery work"]);
    await beat(5);
    await ring(START + 11 * MINUTE);
    expect((await deliveries()).map(({ status, lastError }) => [status, lastError])).toEqual([
      ["delivered", null],
      ["dead", "Too late for a heartbeat"],
    ]);
    expect(calls).toEqual([]);
  });
});

describe("there is silence while", () => {
  test("a rule is not evaluated; the heartbeat comes back with its evaluations", async () => {
    const rule = await storeRule(harness);
    await evaluate(harness, rule, { outcome: "false", value: 1 });
    await put({ every: "1m" });
    await markScored();
    await publish();
    await beat(5);
    await beat(6);
    expect(beats()).toEqual([5]);
    expect(await read()).toMatchObject({ alive: false, faults: ["evaluation: rules wait to be evaluated"] });
    await evaluate(harness, rule, { at: START + 6 * MINUTE, outcome: "false", value: 1 });
    await markScored();
    await publish();
    await beat(7);
    expect(beats()).toEqual([5, 7]);
  });

  test("points wait to be scored", async () => {
    await put({ every: "1m" });
    await harness.store("cpu", [[START, 1]]);
    await publish();
    await beat(5);
    await beat(6);
    expect(beats()).toEqual([5]);
    expect((await read()).faults).toEqual(["detection: points wait to be scored"]);
  });

  test("events wait to be handed on", async () => {
    await put({ every: "1m" });
    await harness.store("cpu", [[START, 1]]);
    await markScored();
    await beat(5);
    await beat(6);
    expect(beats()).toEqual([5]);
    expect((await read()).faults).toEqual(["events: changes wait to be handed on"]);
  });

  test("messages wait to be sent: what waits for a retry does not count", async () => {
    const channel = await storeChannel(harness, { kind: "console" });
    const insert = (name: string, nextAttemptAt: number) =>
      store().deliveries.insert(
        {
          id: hashId<DeliveryId>("dlv", [name]),
          channel: channel.id,
          group: null,
          kind: "test",
          alerts: [],
          payload: testNotification(START),
          nextAttemptAt,
        },
        START,
      );
    await put({ every: "1m" });
    await insert("retried later", START + 3_600_000);
    await insert("stuck", START);
    await beat(5);
    await beat(6);
    expect(beats()).toEqual([5]);
    expect((await read()).faults).toEqual(["delivery: messages wait to be sent"]);
  });

  test("and another organisation's beats go on", async () => {
    await put({ every: "1m" });
    await put({ every: "1m", url: "https://hc-ping.com/other" }, { org: harness.otherOrg });
    await harness.store("cpu", [[START, 1]]);
    await publish();
    await beat(6);
    expect(calls.map(({ url }) => url)).toEqual(["https://hc-ping.com/other"]);
  });
});

describe("the watchdog", () => {
  test("shows of its URL the origin only, and no row holds it", async () => {
    expect(await put()).toMatchObject({ url: "https://hc-ping.com", channelId: null });
    const rows = await harness.database.read("SELECT * FROM watchdog", {});
    expect(JSON.stringify(rows)).not.toContain("verysecret");
  });

  test("is another organisation's own", async () => {
    await put();
    await expect(read({ org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
  });

  test.each([
    { url: URL_OF_A_SWITCH, channelId: `chn_${"0".repeat(24)}` },
    { url: undefined },
    { every: "59s" },
    { every: "25h" },
    { url: "ftp://example.com" },
    { url: "http://169.254.169.254/" },
    { url: "https://user:password@hc-ping.com/" },
  ])("that is %j is refused", async (more) => {
    await expect(put(more)).rejects.toThrow();
  });

  test("names no channel of another organisation", async () => {
    const { id } = await storeChannel(harness, { kind: "console" }, harness.otherOrg);
    await expect(put({ url: undefined, channelId: id })).rejects.toMatchObject({ kind: "validation-failed" });
  });
});
