import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { RegularObservations } from "../ports/forecasters.ts";
import { HOUR, hourly, KEY, startTimegpt, timegptAt } from "../testing/timegpt.ts";
import { timegptError } from "../testing/timegpt-server.ts";
import type { TimegptServer, TimegptServerOptions } from "../testing/timegpt-server.ts";
import { createForecasters } from "./registry.ts";
import { stubForecaster } from "./stub.ts";
import type { TimegptOptions } from "./timegpt.ts";

const asked = { frequencyMs: HOUR, level: 99.58 };

let server: TimegptServer;
beforeEach(async () => {
  server = await startTimegpt();
});
afterEach(() => server.stop());

const restart = async (options: Partial<TimegptServerOptions>) => void (server = await startTimegpt(options, server));
const backend = (options?: Partial<TimegptOptions>) => timegptAt(server, options);
const detect = async (observations: RegularObservations, options?: Partial<TimegptOptions>) =>
  backend(options).detect!(observations, asked);

describe("anomalies", () => {
  test.each([
    ["in data", true],
    ["as they are", false],
  ])("are made of answers that come %s: the newest points, in the series' unit", async (_name, wrapped) => {
    await restart({ wrapped });
    expect(await detect(hourly(1, 1.5, 9, 9))).toEqual({
      expected: Float64Array.of(1, 1.5, 9),
      lo: Float64Array.of(1 - 0.9958, 1.5 - 0.9958, 9 - 0.9958),
      hi: Float64Array.of(1 + 0.9958, 1.5 + 0.9958, 9 + 0.9958),
      anomalous: Uint8Array.of(0, 1, 0),
    });
  });

  test("are asked for as the contract says, in one call", async () => {
    await detect(hourly(1, 2, 3));
    expect(server.requests).toMatchObject([
      {
        path: "/v2/anomaly_detection",
        status: 200,
        headers: { authorization: `Bearer ${KEY}`, "nixtla-model": "timegpt-2.1" },
        detection: { series: { y: [1, 2, 3], sizes: [3] }, model: "timegpt-2.1", freq: "h", level: 99.58, clean_ex_first: true },
      },
    ]);
  });

  test("of huge values are found in numbers that a float of 32 bits holds", async () => {
    const found = await detect(hourly(1e300, 1e300, 2e300));
    expect(Math.max(...server.requests[0]!.detection!.series.y)).toBeLessThan(2);
    expect(found.expected[1]).toBe(1e300);
  });
});

describe("what is no answer is not taken for one:", () => {
  const column = [1, 2];
  const right = { mean: column, sizes: [2], anomaly: [true, false], intervals: { "lo-99.58": column, "hi-99.58": column } };
  test.each<[string, object, string]>([
    ["no sizes", { sizes: undefined }, "sizes that are none"],
    ["sizes of two series", { sizes: [1, 1] }, "sizes that are none"],
    ["more rows than were sent", { sizes: [4] }, "sizes that are none"],
    ["a row too few", { mean: [1] }, "1 rows of mean instead of 2"],
    ["no flags", { anomaly: null }, "without anomaly"],
    ["flags that are none", { anomaly: ["yes", "no"] }, "values that are no numbers"],
    ["the interval of another level", { intervals: { "lo-99": column, "hi-99": column } }, "without lo-99.58"],
    ["a mean that is none", { mean: [1, null] }, "values that are no numbers"],
  ])("%s", async (_name, changes, what) => {
    await restart({ spoilDetection: () => ({ ...right, ...changes }) });
    await expect(detect(hourly(1, 2, 3))).rejects.toThrow(`TimeGPT answered something that is no forecast (${what}).`);
  });
});

describe("where it does not answer, the reason says why, and never tells the key:", () => {
  test("a bad key", async () => {
    const failed = detect(hourly(1, 2), { apiKey: "nixak-wrong" });
    await expect(failed).rejects.toThrow(/^TimeGPT refuses the API key that is configured here \(401 A12/);
    await expect(failed).rejects.not.toThrow(/nixak/);
  });

  test("a quota that is used up, tried four times", async () => {
    const body = timegptError("Too many requests", "You have reached your request limit", "A20");
    server.answerNext("/v2/anomaly_detection", ...Array.from({ length: 9 }, () => ({ status: 429, body })));
    await expect(detect(hourly(1, 2))).rejects.toThrow(/its quota is used up \(429 A20/);
    expect(server.requests).toHaveLength(4);
  });

  test("a series that it refuses", async () => {
    server.answerNext("/v2/anomaly_detection", { status: 422, body: timegptError("Validation error", "series too short", "A22") });
    await expect(detect(hourly(1, 2))).rejects.toThrow(/^TimeGPT refuses the request \(422 A22, Validation error, series too short/);
  });
});

describe("the registry", () => {
  test("has the backend that is asked for find anomalies, and tells of its failures", async () => {
    const failures: string[] = [];
    const registry = createForecasters([stubForecaster, backend()], {
      onFailure: (name, { detail }) => failures.push(`${name}: ${detail}`),
    });
    expect((await registry.detect("timegpt", hourly(1, 1, 9), asked)).anomalous).toEqual(Uint8Array.of(0, 1));
    server.answerNext("/v2/anomaly_detection", { status: 500, body: "oops" });
    await expect(registry.detect("timegpt", hourly(1, 2), asked)).rejects.toThrow("TimeGPT failed (500).");
    expect(failures).toEqual(["timegpt: TimeGPT failed (500)."]);
  });

  test.each(["timegpt", "stub", "statsforecast"] as const)(
    "refuses %s where it is not configured, not there, or finds none",
    async (name) => {
      const registry = createForecasters([stubForecaster, backend({ apiKey: undefined })]);
      await expect(registry.detect(name, hourly(1, 2), asked)).rejects.toMatchObject({ kind: "backend-unavailable" });
    },
  );
});
