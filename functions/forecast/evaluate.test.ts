import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Evaluation } from "../../shared/contract/evaluation.ts";
import { nativeForecaster } from "../../shared/forecasters/native.ts";
import { createForecasters } from "../../shared/forecasters/registry.ts";
import { stubForecaster } from "../../shared/forecasters/stub.ts";
import type { Forecaster, Observations } from "../../shared/ports/forecasters.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import forecastHttp from "./http.ts";

const HOUR = 3_600_000;

let seen: Observations[];
let harness: Harness;
let server: TestHttp;
let key: string;
beforeEach(async () => {
  seen = [];
  const watched: Forecaster = {
    ...stubForecaster,
    async forecast(observations, options) {
      seen.push(observations);
      return stubForecaster.forecast(observations, options);
    },
  };
  harness = await startHarness({ forecasters: createForecasters([nativeForecaster, watched]) });
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["read"]);
});
afterEach(() => harness.close());

const post = async (body: object) => {
  const { status, body: answer } = await server.request(forecastHttp, "POST", "/api/v1/evaluations", { key, body });
  return { status, answer: answer as Evaluation };
};
/** Two weeks of hours with a daily cycle, up to now. */
const values = Array.from({ length: 336 }, (_, i) => 10 + 5 * Math.sin((2 * Math.PI * i) / 24) + ((i * 7) % 5) / 10);
const history = values.map((value, i) => [START - (335 - i) * HOUR, value] as const);

test("a backend that is not configured is refused before another has forecast anything", async () => {
  expect((await post({ input: { start: 0, frequency: "1h", values }, horizon: 24, backends: ["stub", "timegpt"] })).status).toBe(422);
  expect(seen).toEqual([]);
});

test("backends are compared from the same points, with what they would have known there and nothing later", async () => {
  const series = await harness.store("cpu", history);
  const { status, answer } = await post({ series, horizon: 24, cutoffs: 3, backends: ["native", "stub"] });
  expect(status).toBe(200);
  expect(answer).toMatchObject({ series, frequency: "1h", seasonLength: 24, horizon: 24, warnings: [] });
  const [native, stub] = answer.items;
  expect([native!.backend, stub!.backend]).toEqual(["native", "stub"]);
  for (const { forecasts } of answer.items) {
    expect(forecasts.map(({ cutoff }) => cutoff)).toEqual([3, 2, 1].map((back) => START - 24 * back * HOUR));
    for (const { cutoff, timestamps, actual } of forecasts) {
      expect(timestamps[0]).toBe(cutoff + HOUR);
      const first = values.length - 1 - (START - timestamps[0]!) / HOUR;
      expect(actual).toEqual(values.slice(first, first + 24));
    }
  }
  expect(seen.map(({ timestamps }) => timestamps.at(-1))).toEqual(native!.forecasts.map(({ cutoff }) => cutoff));
  expect(native!.measures!.mae).toBeLessThan(stub!.measures!.mae / 5);
  expect(native!.measures!.intervals.map(({ level }) => level)).toEqual([80, 95]);
  expect(await harness.deps.store.forOrg(harness.org).forecasts.list({}, { limit: 10 })).toMatchObject({ items: [] });
});

test("at a coarser frequency, whole periods are forecast and compared", async () => {
  const day = 24 * HOUR;
  const today = START - 10 * HOUR;
  const { answer } = await post({
    series: await harness.store("cpu", history),
    horizon: 2,
    frequency: "1d",
    cutoffs: 2,
    backends: ["stub"],
  });
  expect(answer).toMatchObject({ frequency: "1d", warnings: [] });
  expect(answer.items[0]!.forecasts.map(({ timestamps }) => timestamps)).toEqual([
    [today - 4 * day, today - 3 * day],
    [today - 2 * day, today - day],
  ]);
  for (const { timestamps, actual } of answer.items[0]!.forecasts) {
    const means = timestamps.map((start) => {
      const own = history.filter(([time]) => time >= start && time < start + day).map(([, value]) => value);
      expect(own).toHaveLength(24);
      return own.reduce((sum, value) => sum + value, 0) / 24;
    });
    for (const [step, mean] of means.entries()) expect(actual[step]).toBeCloseTo(mean, 9);
  }
});

test("of a series of minutes, each cutoff knows the weeks before it", async () => {
  const minutes = Array.from({ length: 40_320 }, (_, i) => [START - i * 60_000, i % 7] as const).toReversed();
  await post({ series: await harness.store("cpu", minutes), horizon: 60, cutoffs: 3, backends: ["stub"] });
  expect(seen.map(({ values: known }) => known.length)).toEqual([40_140, 40_200, 40_260]);
});

test("a history that comes with the request is evaluated as it is, its gaps left out of what came", async () => {
  const gaps = values.map((value, i) => (i % 10 === 0 ? null : value));
  const input = { start: START, frequency: "1h", values: gaps };
  const { answer } = await post({ input, horizon: 12, cutoffs: 2, backends: ["stub"] });
  expect(answer.items[0]!.forecasts.flatMap(({ actual }) => actual).filter((value) => value === null).length).toBeGreaterThan(0);
  expect(answer.items[0]!.measures!.mae).toBeGreaterThan(0);
  expect(answer.warnings).toEqual([expect.stringMatching(/^10% of the expected points are missing/)]);
});

test("a short history has fewer cutoffs, and one that has none is refused with what it needs", async () => {
  const input = { start: START, frequency: "1h", values: values.slice(0, 30) };
  expect((await post({ input, horizon: 12 })).answer).toMatchObject({
    items: [{ forecasts: { length: 2 } }],
    warnings: ["The history of 30 points has room for 2 of 4 cutoffs"],
  });
  expect(await post({ input, horizon: 29 })).toMatchObject({ status: 422, answer: { needed: 31, got: 30 } });
});

test("a backend that makes none is told of beside the others, and no other steps in for it", async () => {
  const input = { start: START, frequency: "1h", values };
  const broken: Forecaster = {
    ...stubForecaster,
    forecast: async () => ({ ok: false, error: { reason: "not-made", detail: "It is out of order." } }),
  };
  const own = await startHarness({ forecasters: createForecasters([nativeForecaster, broken]) });
  server = startHttp(own);
  key = await server.keyOf(own.org, ["read"]);
  const { answer } = await post({ input, horizon: 12, backends: ["stub", "native"] });
  expect(answer.items).toMatchObject([
    { backend: "stub", measures: null, forecasts: [], error: "It is out of order." },
    { backend: "native", forecasts: { length: 4 } },
  ]);
  own.close();
});

test.each([
  [{ horizon: 3 }],
  [{ series: "ser_000000000000000000000000", horizon: 0 }],
  [{ input: { start: 0, frequency: "1h", values: [1, 2, 3] }, horizon: 1, cutoffs: 21 }],
  [{ input: { start: 0, frequency: "1h", values: [1, 2, 3] }, horizon: 1, backends: ["native", "native"] }],
])("%j is no evaluation", async (body) => {
  expect((await post(body)).status).toBe(400);
});

test("a series of another organisation is not there", async () => {
  const series = await harness.store("cpu", history);
  key = await server.keyOf(harness.otherOrg, ["read"]);
  expect((await post({ series, horizon: 3 })).status).toBe(404);
});
