import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CompletedForecast, Forecast } from "../../shared/contract/forecast.ts";
import type { ForecastId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import { nativeForecaster } from "../../shared/forecasters/native.ts";
import { createForecasters } from "../../shared/forecasters/registry.ts";
import { stubForecaster } from "../../shared/forecasters/stub.ts";
import type { Forecaster } from "../../shared/ports/forecasters.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createForecast } from "./create.ts";
import onEvent from "./event.ts";
import { getForecast } from "./get.ts";
import onTick from "./tick.ts";

const MINUTE = 60_000;

let harness: Harness;
/** How often the backend was asked, and what it does before it answers. */
let calls: number;
let before: () => Promise<void>;
const stub: Forecaster = {
  ...stubForecaster,
  async forecast(observations, options) {
    calls += 1;
    await before();
    return stubForecaster.forecast(observations, options);
  },
};
beforeEach(async () => {
  [calls, before] = [0, async () => {}];
  // The first one is the last resort: behind it is none that would make the forecast in its place.
  harness = await startHarness({ forecasters: createForecasters([stub, nativeForecaster]) });
});
afterEach(() => harness.close());

async function request(
  points: readonly (readonly [number, number])[] = [
    [START - MINUTE, 1],
    [START, 2],
  ],
  metricKey = "cpu",
) {
  const series = await harness.store(metricKey, points);
  const asked = (await harness.call(createForecast, { series, horizon: 2, backend: "stub", wait: false })) as Forecast;
  return { id: asked.id!, event: harness.committed.at(-1)! };
}
const read = async (id: ForecastId) => (await harness.call(getForecast, { id })) as Forecast;
const created = () => harness.committed.filter(({ type }) => type === "forecast.created");
const tick = () => harness.deliver(onTick, testEvent("tick.minute", null, {}, harness.clock.now()));
const refuse = async () => {
  throw new Unavailable("The backend does not answer", { retryable: true });
};

describe("the event of a requested forecast", () => {
  test("completes it from what was known when it was asked for", async () => {
    const { id, event } = await request();
    await harness.store("cpu", [[START + MINUTE, 99]]);
    harness.clock.advance(2 * MINUTE);
    await harness.deliver(onEvent, event);
    expect(await read(id)).toMatchObject({
      status: "completed",
      cutoff: "2026-11-20T10:00:00.000Z",
      createdAt: "2026-11-20T10:00:00.000Z",
      timestamps: [START + MINUTE, START + 2 * MINUTE],
      mean: [2, 2],
    });
    expect(created()).toMatchObject([{ org: harness.org, at: START + 2 * MINUTE, data: { forecasts: [id] } }]);
  });

  test("again changes nothing", async () => {
    const { id, event } = await request();
    await harness.deliver(onEvent, event);
    const made = await read(id);
    await harness.deliver(onEvent, event);
    expect(await read(id)).toEqual(made);
    expect(created()).toHaveLength(1);
    expect(calls).toBe(1);
  });

  test("at two workers at once completes it once", async () => {
    const { id, event } = await request();
    const both = Promise.withResolvers<void>();
    before = async () => {
      if (calls === 2) both.resolve();
      await both.promise;
    };
    await Promise.all([harness.deliver(onEvent, event), harness.deliver(onEvent, event)]);
    expect(calls).toBe(2);
    expect(await read(id)).toMatchObject({ status: "completed" });
    expect(created()).toHaveLength(1);
  });

  test("fails it with the reason when the series is too short, and again changes nothing", async () => {
    const { id, event } = await request([[START, 1]]);
    await harness.deliver(onEvent, event);
    await harness.deliver(onEvent, event);
    expect(await read(id)).toMatchObject({ status: "failed", error: "2 points are needed, and there are 1." });
    expect(created()).toEqual([]);
    expect(calls).toBe(1);
  });

  test("fails it when its backend is not configured any more", async () => {
    const { id, event } = await request();
    const deps = { ...harness.deps, forecasters: createForecasters([nativeForecaster]) };
    await onEvent.on["forecast.requested"]!({ forecast: id }, { event, now: START }, deps);
    expect(await read(id)).toMatchObject({ status: "failed", error: expect.stringContaining("stub") });
  });

  test("is delivered again while the backend does not answer", async () => {
    const { id, event } = await request();
    before = refuse;
    await expect(harness.deliver(onEvent, event)).rejects.toThrow("does not answer");
    expect(await read(id)).toMatchObject({ status: "requested" });
    before = async () => {};
    await harness.deliver(onEvent, event);
    expect(await read(id)).toMatchObject({ status: "completed" });
  });

  test("of a forecast that there is not, or of another organisation, does nothing", async () => {
    const { id } = await request();
    await harness.deliver(onEvent, testEvent("forecast.requested", harness.otherOrg, { forecast: id }));
    expect(await read(id)).toMatchObject({ status: "requested" });
    expect(calls).toBe(0);
  });
});

describe("the minute's tick", () => {
  test("makes a requested forecast whose event was lost, once it is a minute old", async () => {
    const { id } = await request();
    harness.clock.advance(MINUTE);
    await tick();
    expect(await read(id)).toMatchObject({ status: "requested" });
    harness.clock.advance(1);
    await tick();
    expect((await read(id)) as CompletedForecast).toMatchObject({ status: "completed", mean: [2, 2] });
    await tick();
    expect(created()).toHaveLength(1);
    expect(calls).toBe(1);
  });

  test("and a late event complete it once", async () => {
    const { event } = await request();
    harness.clock.advance(2 * MINUTE);
    await Promise.all([tick(), harness.deliver(onEvent, event)]);
    expect(created()).toHaveLength(1);
  });

  test("makes fifty at most, the oldest first", async () => {
    const series = await harness.store("cpu", [
      [START - MINUTE, 1],
      [START, 2],
    ]);
    const ask = async () => ((await harness.call(createForecast, { series, horizon: 1, backend: "stub", wait: false })) as Forecast).id!;
    harness.clock.advance(5);
    for (let i = 0; i < 50; i++) await ask();
    harness.clock.advance(1);
    const youngest = await ask();
    harness.clock.advance(2 * MINUTE);
    await tick();
    expect(created()).toHaveLength(50);
    expect(await read(youngest)).toMatchObject({ status: "requested" });
    await tick();
    expect(await read(youngest)).toMatchObject({ status: "completed" });
  });

  test("makes the others when one fails, and says that it did", async () => {
    const { id: first } = await request();
    const { id: second } = await request(
      [
        [START - MINUTE, 5],
        [START, 6],
      ],
      "disk",
    );
    harness.clock.advance(2 * MINUTE);
    before = async () => (calls === 1 ? refuse() : undefined);
    await expect(tick()).rejects.toMatchObject({ cause: { message: "1 requested forecasts failed" } });
    const states = [(await read(first)).status, (await read(second)).status];
    expect(states.toSorted()).toEqual(["completed", "requested"]);
  });

  test("gives a forecast up that has failed for an hour", async () => {
    const { id } = await request();
    before = refuse;
    harness.clock.advance(60 * MINUTE);
    await expect(tick()).rejects.toThrow();
    expect(await read(id)).toMatchObject({ status: "requested" });
    harness.clock.advance(1);
    await expect(tick()).rejects.toThrow();
    expect(await read(id)).toMatchObject({ status: "failed", error: "It could not be made within an hour." });
    await tick();
  });
});
