import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { operatorRequest } from "../net/operator-request.ts";
import type { OperatorRequest } from "../ports.ts";
import type { Forecaster, Observations } from "../ports/forecasters.ts";
import { startHttpReceiver } from "../testing/http-receiver.ts";
import type { HttpReceiver, ReceivedRequest } from "../testing/http-receiver.ts";
import { STATSFORECAST_MISSING, startStatsForecastService, statsForecastPython } from "../testing/statsforecast-service.ts";
import type { StatsForecastService } from "../testing/statsforecast-service.ts";
import { createStatsForecast } from "./statsforecast.ts";

const DAY = 86_400_000;

interface Input {
  readonly start: number;
  readonly frequency: number;
  readonly values: readonly number[];
}
interface Exchange {
  readonly name: string;
  readonly request: { readonly inputs: readonly Input[]; readonly horizon: number; readonly levels: readonly number[] };
  readonly answer: { readonly forecasts: readonly { readonly mean: readonly number[] }[] };
}
const exchanges = JSON.parse(
  readFileSync(new URL("../../services/statsforecast/contract.cases.json", import.meta.url), "utf8"),
) as readonly Exchange[];
/** What the service's own tests have it answer to what this backend sends. */
const { request: sent, answer } = exchanges.find(({ name }) => name.endsWith("as the platform sends it"))!;
const { start, values } = sent.inputs[0]!;
const { horizon, levels } = sent;
const asked = { horizon, levels };
const daily: Observations = {
  timestamps: Float64Array.from(values, (_, i) => start + i * DAY),
  values: Float64Array.from(values),
};
const single: Observations = { timestamps: Float64Array.of(start), values: Float64Array.of(1) };

const problem = (kind: string, status: number) => ({
  status,
  body: JSON.stringify({ type: `https://intentvision.dev/problems/${kind}`, status, detail: "In the service's own words" }),
});
const wrong = (change: object) => JSON.stringify({ forecasts: [{ ...answer.forecasts[0], ...change }] });

describe("against a server that plays the service", () => {
  let receiver: HttpReceiver;
  let requests: ReceivedRequest[];
  let waits: number[];
  let backend: Forecaster;
  beforeEach(async () => {
    [requests, waits] = [[], []];
    receiver = await startHttpReceiver((request, told) => {
      requests.push(request);
      const { inputs } = JSON.parse(request.body) as Exchange["request"];
      return told ?? { body: JSON.stringify({ forecasts: inputs.map(() => answer.forecasts[0]) }) };
    }, "/secret-path");
    const pause = async (ms: number) => void waits.push(ms);
    backend = createStatsForecast({ url: receiver.url, request: operatorRequest, pause, now: Date.now });
  });
  afterEach(() => receiver.stop());

  test("a series is sent as the contract says, and its answer is the forecast", async () => {
    const made = await backend.forecast(daily, asked);
    expect(requests).toMatchObject([{ method: "POST", path: "/secret-path/v1/forecast", headers: { "content-type": "application/json" } }]);
    expect(JSON.parse(requests[0]!.body)).toEqual(sent);
    if (!made.ok) throw new Error("refused");
    expect(made.value).toMatchObject({ backend: "statsforecast", frequencyMs: DAY, seasonLength: 7, seasons: [7], warnings: [] });
    expect([...made.value.timestamps]).toEqual([1, 2, 3].map((step) => daily.timestamps.at(-1)! + step * DAY));
    expect([...made.value.mean]).toEqual(answer.forecasts[0]!.mean);
    expect(made.value.intervals.map(({ level, lo, hi }) => [level, lo.length, hi.length])).toEqual(levels.map((level) => [level, 3, 3]));
    expect(made.value).not.toHaveProperty("cpuMs");
  });

  test("bounds hold", async () => {
    const made = await backend.forecast(daily, { ...asked, bounds: { max: 5 } });
    if (!made.ok) throw new Error("refused");
    expect(Math.max(...made.value.mean, ...made.value.intervals.flatMap(({ hi }) => [...hi]))).toBe(5);
  });

  test("irregular times and gaps go out as a regular grid, and the answer says so", async () => {
    const kept = [...values.keys()].filter((i) => i !== 4 && i !== 9);
    const gappy = {
      timestamps: Float64Array.from(kept, (i) => daily.timestamps[i]! + (i % 3) * 1_000),
      values: Float64Array.from(kept, (i) => values[i]!),
    };
    const made = await backend.forecast(gappy, asked);
    const [input] = (JSON.parse(requests[0]!.body) as Exchange["request"]).inputs;
    expect(input).toMatchObject({ frequency: DAY, values: { length: values.length } });
    expect(made).toMatchObject({ ok: true, value: { warnings: [expect.stringContaining("interpolated")] } });
  });

  test("too short a series is refused with the count it needs, and nobody is asked", async () => {
    expect(await backend.forecast(single, asked)).toEqual({ ok: false, error: { reason: "too-short", needed: 2, got: 1 } });
    expect(requests).toEqual([]);
  });

  test.each([408, 429, 502, 503, 504])("after %d it is asked again", async (status) => {
    receiver.answerNext({ status }, 2);
    expect(await backend.forecast(daily, asked)).toMatchObject({ ok: true });
    expect(requests).toHaveLength(3);
    expect(waits).toEqual([250, 1_000]);
  });

  test("a connection that breaks is tried again", async () => {
    receiver.answerNext({ sender: "cut" });
    expect(await backend.forecast(daily, asked)).toMatchObject({ ok: true });
  });

  test.each([
    ["three times busy", problem("busy", 503), 3, "StatsForecast is busy", true],
    ["its time limit", problem("time-limit", 422), 1, "StatsForecast needs longer for this than it may take", false],
    ["a fault of its own", problem("internal", 500), 1, "StatsForecast answered 500", false],
    ["a page", { status: 404, body: "<html>" }, 1, "StatsForecast answered 404", false],
    ["no JSON", { body: "{" }, 1, "not in its contract", false],
    ["no forecast", { body: '{"forecasts":[]}' }, 1, "not in its contract", false],
    ["too few steps", { body: wrong({ mean: [1] }) }, 1, "not in its contract", false],
    ["another level", { body: wrong({ intervals: [] }) }, 1, "not in its contract", false],
  ])("%s is told in clear words", async (_name, told, times, message, retryable) => {
    receiver.answerNext(told, 3);
    await expect(backend.forecast(daily, asked)).rejects.toMatchObject({
      name: "Unavailable",
      message: expect.stringContaining(message),
      retryable,
    });
    expect(requests).toHaveLength(times);
  });

  test("a service that cannot be reached is tried three times, and its address is told to nobody", async () => {
    await receiver.stop();
    const failed = await backend.forecast(daily, asked).catch((error: unknown) => error as Error);
    expect(failed).toMatchObject({ name: "Unavailable", message: "StatsForecast cannot be reached", retryable: true });
    expect(waits).toEqual([250, 1_000]);
  });

  test("an answer that does not come in time is not waited for again", async () => {
    receiver.answerNext({ sender: "hang" });
    const impatient: OperatorRequest = (url, call) => operatorRequest(url, { ...call, timeoutMs: 20 });
    const hasty = createStatsForecast({ url: receiver.url, request: impatient, pause: sleep, now: Date.now });
    await expect(hasty.forecast(daily, asked)).rejects.toMatchObject({ message: "StatsForecast did not answer within 70 s" });
    expect(requests).toHaveLength(1);
  });

  describe("many series", () => {
    const many = [...Array.from({ length: 20 }, () => daily), single, ...Array.from({ length: 20 }, () => daily)];

    test("go out eight a call, and come back in their order", async () => {
      const made = await backend.forecastMany!(many, asked);
      expect(requests.map(({ body }) => (JSON.parse(body) as Exchange["request"]).inputs.length)).toEqual([8, 8, 8, 8, 8]);
      expect(made.map(({ ok }) => ok)).toEqual(many.map((of) => of !== single));
    });

    test("of one refused call leave the others their forecasts", async () => {
      receiver.answerNext(problem("time-limit", 422));
      const made = await backend.forecastMany!(many, asked);
      expect(made[0]).toMatchObject({ ok: false, error: { reason: "not-made", detail: expect.stringContaining("longer") } });
      expect(made.filter(({ ok }) => ok)).toHaveLength(32);
    });

    test("are not asked for one batch after the other of a service that is busy", async () => {
      receiver.answerNext(problem("busy", 503), 3);
      await expect(backend.forecastMany!(many, asked)).rejects.toMatchObject({ message: "StatsForecast is busy", retryable: true });
      expect(requests).toHaveLength(3);
    });

    test("that were made before the service was busy keep their forecasts", async () => {
      const busy = createStatsForecast({
        url: receiver.url,
        now: Date.now,
        pause: async () => {},
        request: (url, call) => {
          if (requests.length === 2) receiver.answerNext(problem("busy", 503), 3);
          return operatorRequest(url, call);
        },
      });
      const made = await busy.forecastMany!(many, asked);
      expect(made.filter(({ ok }) => ok)).toHaveLength(16);
      expect(made).toHaveLength(many.length);
    });

    test("are asked for no longer than a minute and a half, and what was made by then stays", async () => {
      let time = 0;
      const timeouts: (number | undefined)[] = [];
      const slow = createStatsForecast({
        url: receiver.url,
        now: () => time,
        pause: async () => {},
        request: (url, call) => {
          timeouts.push(call.timeoutMs);
          time += 40_000;
          return operatorRequest(url, call);
        },
      });
      const made = await slow.forecastMany!(many, asked);
      expect(timeouts).toEqual([70_000, 50_000, 10_000]);
      expect(made.filter(({ ok }) => ok)).toHaveLength(24);
      expect(made.at(-1)).toMatchObject({ ok: false, error: { detail: "StatsForecast did not make all of them within 90 s" } });
    });
  });
});

test("without an address it is listed as not available", () => {
  expect(createStatsForecast({ url: undefined, request: operatorRequest, pause: sleep, now: Date.now }).about).toMatchObject({
    name: "statsforecast",
    available: false,
  });
});

const serviceHere = statsForecastPython() !== null;
if (!serviceHere) process.stdout.write(`${STATSFORECAST_MISSING}\n`);

(serviceHere ? describe : describe.skip)("against the real service", () => {
  let service: StatsForecastService;
  let backend: Forecaster;
  beforeAll(async () => {
    service = await startStatsForecastService({ STATSFORECAST_WORKERS: "1" });
    backend = createStatsForecast({ url: service.url, request: operatorRequest, pause: sleep, now: Date.now });
  });
  afterAll(() => service?.stop());

  test("the contract's exchange is answered as it says", async () => {
    const made = await backend.forecast(daily, asked);
    if (!made.ok) throw new Error("refused");
    expect(made.value.models.map(({ name }) => name)).toEqual(["AutoETS", "AutoTheta", "AutoCES", "MSTL"]);
    for (const [step, mean] of answer.forecasts[0]!.mean.entries()) expect(made.value.mean[step]! / mean).toBeCloseTo(1, 1);
  });

  test.each([
    ["huge", [1e300, -1e300, 1e299, 5e299]],
    ["tiny", [1e-300, 2e-300, 1e-300, 3e-300]],
    ["constant", [4, 4, 4, 4]],
    ["two", [1, 2]],
    ["infinite in between", [1, Infinity, 2, 3, NaN, 2]],
  ])("values that are %s have a finite forecast", async (_name, given) => {
    const observations = { timestamps: Float64Array.from(given, (_, i) => i * DAY), values: Float64Array.from(given) };
    const made = await backend.forecast(observations, { horizon: 2, levels: [99.9, 50] });
    if (!made.ok) throw new Error("refused");
    const columns = [made.value.mean, ...made.value.intervals.flatMap(({ lo, hi }) => [lo, hi])];
    expect(columns.every((column) => column.length === 2 && column.every(Number.isFinite))).toBe(true);
  });

  test("many series come back in their order", async () => {
    const flat = (value: number): Observations => ({ ...daily, values: daily.values.map(() => value) });
    const made = await backend.forecastMany!([flat(1), single, flat(3)], asked);
    expect(made.map((one) => (one.ok ? one.value.mean[0] : one.error.reason))).toEqual([1, "too-short", 3]);
  });
});
