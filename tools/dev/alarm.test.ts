import { expect, test } from "@jest/globals";
import { createLocalAlarm } from "./alarm.ts";

const clock = { now: () => Date.now() };

test("an alarm rings again while whoever it woke first is still at work", async () => {
  let rings = 0;
  let release = () => {};
  const working = new Promise<void>((resolve) => (release = resolve));
  const heard = Promise.withResolvers<void>();
  const alarm = createLocalAlarm(clock, async () => {
    rings += 1;
    if (rings === 2) heard.resolve();
    else await alarm.wakeAt(clock.now());
    await working;
  });
  await alarm.wakeAt(clock.now());
  await heard.promise;
  alarm.stop();
  let isSettled = false;
  const settled = alarm.settled().then(() => (isSettled = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect([rings, isSettled]).toEqual([2, false]);
  release();
  await settled;
});

test("what is asked for many times rings once, at the earliest of the times", async () => {
  const rang: number[] = [];
  const heard = Promise.withResolvers<void>();
  const alarm = createLocalAlarm(clock, async () => {
    rang.push(clock.now());
    heard.resolve();
  });
  const now = clock.now();
  for (const at of [now + 60_000, now + 5, now + 60_000, now + 5]) await alarm.wakeAt(at);
  await heard.promise;
  alarm.stop();
  expect(rang).toHaveLength(1);
  expect(rang[0]).toBeGreaterThanOrEqual(now + 5);
});
