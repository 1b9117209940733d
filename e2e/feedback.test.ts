import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Alert } from "../shared/contract/alert.ts";
import type { Anomaly } from "../shared/contract/anomaly.ts";
import { quietPoints } from "../shared/testing/detection.ts";
import { START } from "../shared/testing/harness.ts";
import { startSystem } from "../shared/testing/system.ts";
import type { TestSystem } from "../shared/testing/system.ts";

// From a point that comes in to the alert that resolves because somebody has said what the anomaly was: every function in between.

const MINUTE = 60_000;

let system: TestSystem;
let key: string;
beforeEach(async () => {
  system = await startSystem();
  key = await system.http.keyOf(system.harness.org, ["*"]);
  await ask("POST", "/api/v1/rules", {
    name: "Anomalies",
    kind: "anomaly",
    selector: { metricKey: "cpu" },
    condition: { minSeverity: "medium" },
  });
  for (const host of ["a", "b"]) {
    const points = quietPoints(900, { until: START - MINUTE });
    await come(points.map(([timestamp, value]) => ({ host, timestamp, value })));
  }
});
afterEach(() => system.harness.close());

async function ask(method: string, url: string, body?: unknown): Promise<unknown> {
  const answer = await system.request(method, url, { key, body });
  if (answer.status >= 300) throw new Error(`${method} ${url}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
/** Points of hosts come in, and the minute goes on. */
async function come(points: readonly { host: string; timestamp: number; value: number }[]): Promise<void> {
  system.harness.clock.set(Math.max(...points.map(({ timestamp }) => timestamp)) + 100);
  await ask("POST", "/api/v1/ingest", {
    metrics: points.map(({ host, ...point }) => ({ metricKey: "cpu", dimensions: { host }, ...point })),
  });
  await system.drain();
  await system.tick();
}
const at = (host: string, minute: number, value: number) => ({ host, timestamp: START + minute * MINUTE, value });
/** A level of 200 with a little noise. */
const shifted = (minute: number) => at("a", minute, 200 + ((minute * 7_919) % 101) / 101);
const alerts = async () => ((await ask("GET", "/api/v1/alerts")) as { items: Alert[] }).items;
const open = async () => (await alerts()).filter(({ resolvedAt }) => resolvedAt === null);
const anomalies = async (query: string) => ((await ask("GET", `/api/v1/anomalies?${query}`)) as { items: Anomaly[] }).items;
const since = `from=${START}`;

test("an anomaly that was expected: its alert resolves at once, and what goes on like it raises none", async () => {
  for (let minute = 0; minute < 4; minute++) await come([shifted(minute)]);
  expect(await open()).toHaveLength(1);
  const [newest] = await anomalies(since);
  system.harness.clock.advance(20_000);
  await ask("PUT", `/api/v1/anomalies/${newest!.id}/feedback`, { verdict: "expected" });
  await system.drain();
  expect(await open()).toEqual([]);
  expect((await alerts())[0]).toMatchObject({ status: "resolved", reason: "recovered" });

  for (let minute = 4; minute < 40; minute++) await come([shifted(minute)]);
  expect(await open()).toEqual([]);
  expect(await anomalies(`minSeverity=medium&from=${START + 4 * MINUTE}`)).toEqual([]);
});

test("an alert leads to its anomaly, and to the points around it", async () => {
  for (let minute = 0; minute < 4; minute++) await come([shifted(minute)]);
  const [{ evidence } = {}] = (await open()) as Partial<Alert>[];
  const { anomaly, link, timestamp } = evidence as { anomaly: string; link: string; timestamp: string };
  const read = (await ask("GET", link)) as Anomaly & { context: { timestamps: number[] } };
  expect(read).toMatchObject({ id: anomaly, timestamp });
  expect(read.context.timestamps).toContain(Date.parse(timestamp));
});

test("without a word of it the same goes on to be an anomaly", async () => {
  for (let minute = 0; minute < 8; minute++) await come([shifted(minute)]);
  expect(await anomalies(`minSeverity=medium&from=${START + 4 * MINUTE}`)).not.toEqual([]);
  expect(await open()).toHaveLength(1);
});

test("an alert that was taken back with what was said comes back with the next anomalous point", async () => {
  for (let minute = 0; minute < 3; minute++) await come([at("a", minute, 500 + 300 * minute)]);
  const [newest] = await anomalies(since);
  system.harness.clock.advance(20_000);
  await ask("PUT", `/api/v1/anomalies/${newest!.id}/feedback`, { verdict: "bad-data" });
  await system.drain();
  await come([at("a", 3, 9_000)]);
  expect(await open()).toEqual([]);

  const answer = await system.request("DELETE", `/api/v1/anomalies/${newest!.id}/feedback`, { key });
  expect(answer.status).toBe(204);
  await system.drain();
  await come([at("a", 4, 30_000)]);
  expect(await open()).toHaveLength(1);
});

test("what is beyond the budget is listed, and alarms nobody", async () => {
  await ask("PUT", "/api/v1/detection-budget", { anomaliesPerDay: 1 });
  await come([at("a", 1, 5_000)]);
  await come([at("a", 2, 50), at("b", 2, 5_000)]);
  expect((await alerts()).map(({ series }) => series!.dimensions["host"])).toEqual(["a"]);
  const beyond = (await anomalies(`from=${START + 2 * MINUTE}`)).filter(({ overBudget }) => overBudget);
  expect(beyond).toMatchObject([{ value: 5_000 }]);
});
