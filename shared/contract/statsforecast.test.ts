import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import * as v from "valibot";
import { StatsForecastAnswer, StatsForecastProblem, StatsForecastRequest } from "./statsforecast.ts";

interface Exchange {
  readonly name: string;
  readonly request: unknown;
  readonly status: number;
  readonly answer?: unknown;
  readonly problem?: unknown;
}

// The service's own tests go through the same exchanges.
const CASES = new URL("../../services/statsforecast/contract.cases.json", import.meta.url);
const exchanges = (JSON.parse(readFileSync(CASES, "utf8")) as Exchange[]).map((exchange) => [exchange.name, exchange] as const);

test.each(exchanges)("%s: the schema takes the request exactly when the service does", (_name, { request, status }) => {
  expect(v.is(StatsForecastRequest, request)).toBe(status !== 400);
});

test.each(exchanges.filter(([, { status }]) => status === 200))("%s: the schema takes the service's answer", (_name, { answer }) => {
  expect(v.safeParse(StatsForecastAnswer, answer).issues).toBeUndefined();
});

test.each(exchanges.filter(([, { status }]) => status === 422))("%s: the schema takes the service's refusal", (_name, { problem }) => {
  expect(v.safeParse(StatsForecastProblem, problem).issues).toBeUndefined();
});
