import { describe, expect, test } from "@jest/globals";
import type { Detection } from "../../shared/contract/anomaly.ts";
import { answer, clientWith } from "../../shared/testing/door-client.ts";
import type { Metric } from "../dev/client.ts";
import { detect, joined, sendPoints } from "./door.ts";

const START = Date.UTC(2026, 10, 20);
const metrics = (n: number): Metric[] => Array.from({ length: n }, (_, row) => ({ metricKey: "cpu", timestamp: START + row, value: row }));
const accepted = (n: number) => answer(200, { accepted: n, rejected: 0, errors: [] });
const WRONG = { index: 3, path: "timestamp", message: "Expected a time within 7 days from now" };

describe("sending", () => {
  test("goes in batches of 1,000, each with a key of its content", async () => {
    const { client, asked } = clientWith([accepted(1_000), accepted(1_000), accepted(1)]);
    const heard: number[] = [];
    expect(await sendPoints(client, metrics(2_001), (sent) => heard.push(sent))).toEqual({ accepted: 2_001, rejected: 0, errors: [] });
    expect(heard).toEqual([1_000, 2_000, 2_001]);
    expect(asked.map(({ body }) => (body as { metrics: Metric[] }).metrics.map(({ timestamp }) => timestamp).slice(0, 1))).toEqual([
      [START],
      [START + 1_000],
      [START + 2_000],
    ]);
    const keys = asked.map(({ headers }) => headers["Idempotency-Key"]);
    expect(new Set(keys).size).toBe(3);

    const again = clientWith([accepted(1_000), accepted(1_000), accepted(1)]);
    await sendPoints(again.client, metrics(2_001), () => undefined);
    expect(again.asked.map(({ headers }) => headers["Idempotency-Key"])).toEqual(keys);
  });

  test("sends times of 1972 as text: so small a number would be taken for seconds", async () => {
    const { client, asked } = clientWith([accepted(1)]);
    await sendPoints(client, [{ metricKey: "cpu", timestamp: Date.UTC(1972, 0, 1), value: 1 }], () => undefined);
    expect(asked[0]!.body).toEqual({ metrics: [{ metricKey: "cpu", timestamp: "1972-01-01T00:00:00.000Z", value: 1 }] });
  });

  test("sends the same batch again when it is told to wait", async () => {
    const wait = answer(429, { type: "rate-limited", title: "Too many requests", status: 429 }, 0);
    const { client, asked } = clientWith([wait, wait, accepted(2)]);
    expect((await sendPoints(client, metrics(2), () => undefined)).accepted).toBe(2);
    expect(asked[2]).toEqual(asked[0]);
  });

  test("counts refused points, also where a whole batch is refused, and goes on", async () => {
    const none = { type: "nothing-accepted", title: "None", status: 422, accepted: 0, rejected: 1_000, errors: [WRONG, WRONG] };
    const { client } = clientWith([answer(422, none), answer(200, { accepted: 1, rejected: 1, errors: [WRONG] })]);
    expect(await sendPoints(client, metrics(1_002), () => undefined)).toEqual({ accepted: 1, rejected: 1_001, errors: [WRONG, WRONG] });
  });
});

const page = (timestamps: number[], anomalous: number[]): Detection => ({
  series: "ser_000000000000000000000000" as NonNullable<Detection["series"]>,
  timestamps,
  values: timestamps,
  scores: timestamps.map(() => 0),
  expected: timestamps.map(() => null),
  lo: timestamps.map(() => null),
  hi: timestamps.map(() => null),
  late: timestamps.map(() => 0),
  warmingUp: null,
  anomalies: anomalous.map((index) => ({
    index,
    timestamp: timestamps[index]!,
    value: 1,
    expected: null,
    lo: null,
    hi: null,
    score: 1,
    severity: "high",
    direction: "above",
    daysPerFalseAlarm: null,
    goesOn: false,
    perSecond: false,
    late: false,
    methods: {},
    consensus: 0,
    explanation: { text: "The value is 1.", rarity: null, reasons: [] },
    context: null,
  })),
});

test("a long series is scored in pages that leave no point out, and their rows are counted through", async () => {
  const timestamps = Float64Array.from({ length: 100_002 }, (_, row) => row * 10);
  const { client, asked } = clientWith([answer(200, page([0, 10], [1])), answer(200, page([20, 30], [0, 1]))]);
  const detection = await detect(client, { metricKey: "cpu", dimensions: { a: "b" }, sensitivity: 0.3 }, timestamps);
  expect(asked.map(({ body }) => body)).toEqual([
    { series: { metricKey: "cpu", dimensions: { a: "b" } }, from: 0, to: 999_991, sensitivity: 0.3, context: 0 },
    { series: { metricKey: "cpu", dimensions: { a: "b" } }, from: 1_000_000, to: 1_000_011, sensitivity: 0.3, context: 0 },
  ]);
  expect(detection.anomalies.map(({ index, timestamp }) => [index, timestamp])).toEqual([
    [1, 10],
    [2, 20],
    [3, 30],
  ]);
  expect(detection).toEqual(joined([page([0, 10], [1]), page([20, 30], [0, 1])]));
  expect(detection.timestamps).toEqual([0, 10, 20, 30]);
});
