import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { StatsForecastModel } from "../../shared/contract/statsforecast.ts";
import { STATSFORECAST_MISSING, statsForecastPython } from "../../shared/testing/statsforecast-service.ts";
import { startStatsForecastBench } from "./statsforecast.ts";
import type { StatsForecastBench } from "./statsforecast.ts";

const HOUR = 3_600_000;
const serviceHere = statsForecastPython() !== null;
if (!serviceHere) process.stdout.write(`${STATSFORECAST_MISSING}\n`);

(serviceHere ? describe : describe.skip)("with the real service", () => {
  let bench: StatsForecastBench;
  beforeAll(async () => {
    bench = (await startStatsForecastBench())!;
  });
  afterAll(() => bench?.stop());

  const cycle = [3, 4, 6, 9, 7, 5];
  const daily = (n: number) => ({
    values: Array.from({ length: n }, (_, i) => cycle[i % 6]! + ((i * 7) % 5) / 10),
    frequencyMs: HOUR,
    seasonLengths: [6],
  });

  test("each model forecasts every series, in their order, and says what it cost", async () => {
    const series = Array.from({ length: 70 }, (_, i) => ({ ...daily(60), values: daily(60).values.map((value) => value + 100 * i) }));
    const made = await bench.forecastEach(series.slice(0, 2), { horizon: 6, levels: [80, 95] });
    expect([...made.keys()]).toEqual(StatsForecastModel.options);
    for (const forecasts of made.values()) {
      expect(forecasts.map(({ mean, fitted }) => [mean.length, fitted])).toEqual([
        [6, true],
        [6, true],
      ]);
      expect(forecasts[0]!.cpuMs).toBeGreaterThan(0);
      expect(forecasts[0]!.intervals.map(({ level }) => level)).toEqual([80, 95]);
    }
    const naive = await bench.forecastEach(series, { horizon: 1, levels: [80], models: ["SeasonalNaive"] });
    expect(naive.get("SeasonalNaive")!.map(({ mean }) => Math.floor(mean[0]! / 100))).toEqual(series.map((_, i) => i));
  });

  test("what a model could not be fitted to is marked", async () => {
    const made = await bench.forecastEach([{ values: [1, 2, 3], frequencyMs: HOUR }], { horizon: 1, levels: [80], models: ["AutoETS"] });
    expect(made.get("AutoETS")).toMatchObject([{ mean: [3], fitted: false }]);
  });

  test("a refusal is told", async () => {
    await expect(bench.forecastEach([daily(60)], { horizon: 0, levels: [80] })).rejects.toThrow("answered 400");
  });
});
