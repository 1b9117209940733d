import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { Event } from "../../shared/contract/events.ts";
import type { Bus } from "../../shared/ports.ts";
import type { EventStore } from "../../shared/ports/platform.ts";
import { startScheduler } from "./scheduler.ts";

const HOUR = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;

beforeEach(() => void jest.useFakeTimers({ now: HOUR + 30 * MINUTE_MS }));
afterEach(() => void jest.useRealTimers());

test("ticks at its start, at each full minute, and once an hour, also when it slept through the hour's first minute", async () => {
  const published: string[] = [];
  const bus = { publish: async (events: readonly Event[]) => void published.push(...events.map(({ id }) => id)) } as unknown as Bus;
  const events = { enqueue: async () => {} } as unknown as EventStore;
  const onError = (error: unknown) => {
    throw error;
  };
  const scheduler = startScheduler({ clock: { now: () => Date.now() }, events, bus, onError });
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  jest.setSystemTime(HOUR + 95 * MINUTE_MS);
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  scheduler.stop();
  const [hour, minute] = [HOUR / 3_600_000, HOUR / MINUTE_MS];
  expect(published).toEqual([
    `tick.minute:${minute + 30}`,
    `tick.hour:${hour}`,
    `tick.minute:${minute + 31}`,
    `tick.minute:${minute + 96}`,
    `tick.hour:${hour + 1}`,
  ]);
});
