import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import type { Sweep } from "./contract.ts";
import { sweepRule } from "./sweep.ts";

const MINUTE = 60_000;
const WEEK = 7 * 1_440 * MINUTE;
let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const rule = (changes: object = {}) => ({
  name: "CPU is high",
  kind: "threshold",
  selector: { metricKey: "cpu" },
  condition: { operator: "gt", value: 90 },
  interval: "5m",
  ...changes,
});
const sweep = async (request: object) =>
  (await harness.call(sweepRule, { rule: rule(), from: START - WEEK, values: [80, 90], for: ["0s", "20m"], ...request })) as Sweep;

/** A week of five-minute points: 95 for two hours on one day, 85 for ten minutes on each of the seven. */
const week = () =>
  Array.from({ length: 2_016 }, (_, n): [number, number] => {
    const minute = n * 5;
    const value = minute >= 2_000 && minute < 2_120 ? 95 : minute % 1_440 >= 700 && minute % 1_440 < 710 ? 85 : 50;
    return [START - WEEK + minute * MINUTE, value];
  });

describe("200", () => {
  test("each setting comes with what it would have told, and the best that keeps the pages few", async () => {
    await harness.store("cpu", week());
    const { settings, best, points } = await sweep({});
    expect(points).toBe(2_016);
    expect(
      settings.map(({ value, for: patience, episodesPerWeek, messages }) => [value, patience, episodesPerWeek, messages.pagesPerWeek]),
    ).toEqual([
      [80, "0s", 8, 8],
      [80, "20m", 1, 1],
      [90, "0s", 1, 1],
      [90, "20m", 1, 1],
    ]);
    expect(best).toEqual(settings[2]);
    expect((await sweep({ pagesPerWeek: 10 })).best).toEqual(settings[0]);
    expect((await sweep({ pagesPerWeek: 0 })).best).toBeNull();
  });

  test("nothing to try them on makes no setting the best, and the answer says why", async () => {
    expect(await sweep({})).toMatchObject({ best: null, warnings: ["No series matches the selector: nothing was tried"] });
    await harness.store("cpu", [[START - 2 * WEEK, 95]]);
    expect(await sweep({})).toMatchObject({ best: null, warnings: ["There are no stored points of this time: nothing was tried"] });
    const breach = rule({ kind: "forecast", condition: { operator: "gt", value: 90, horizon: "1h" } });
    expect(await sweep({ rule: breach })).toMatchObject({ best: null, warnings: [expect.stringContaining("no stored forecasts")] });
    await harness.store("cpu", week());
    expect(await sweep({})).toMatchObject({ best: { value: 90 }, warnings: [] });
  });

  test("where incidents are named, the best finds the most of them", async () => {
    await harness.store("cpu", week());
    const from = START - WEEK + 700 * MINUTE;
    const { best } = await sweep({ incidents: [{ from, to: from + 10 * MINUTE }], pagesPerWeek: 10 });
    expect(best).toMatchObject({ value: 80, for: "0s", recall: 1, precision: 0.125 });
  });
});

describe("400", () => {
  test("a rule without a value is refused", async () => {
    await expect(sweep({ rule: rule({ kind: "anomaly", condition: {} }) })).rejects.toMatchObject({
      kind: "validation-failed",
      errors: [{ path: "rule.kind" }],
    });
  });

  test("a value that the rule could not be given is refused", async () => {
    const severe = rule({ condition: { operator: "gt", value: 90, critical: { value: 95 } } });
    await expect(sweep({ rule: severe, values: [80, 95, 96] })).rejects.toMatchObject({ errors: [{ path: "values[2]" }] });
    const silent = rule({ kind: "missing-data", condition: {} });
    await expect(sweep({ rule: silent, values: [3, 0.5] })).rejects.toMatchObject({ errors: [{ path: "values[1]" }] });
  });

  test("more evaluations than one request may make are refused with the limit, all settings counted", async () => {
    await harness.store("cpu", week());
    const values = Array.from({ length: 20 }, (_, n) => n);
    const many = { rule: rule({ interval: "1s" }), values };
    await expect(sweep(many)).rejects.toMatchObject({ errors: [{ message: expect.stringContaining("at most 10000000 evaluations") }] });
  });
});
