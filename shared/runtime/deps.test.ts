import { expect, test } from "@jest/globals";
import { Backend } from "../contract/forecast.ts";
import { startHttpReceiver } from "../testing/http-receiver.ts";
import { startTimegptServer } from "../testing/timegpt-server.ts";
import { readConfig } from "./config.ts";
import { createRuntime } from "./deps.ts";
import { openInvocation } from "./runtime.ts";

test("a function that was given no secrets starts, and fails only where it asks for what they open", async () => {
  const runtime = await createRuntime(readConfig([], { PUBSUB_PROJECT: "test" }));
  const { deps } = openInvocation(runtime, null);
  await expect(deps.store.platform.ping()).rejects.toThrow("not given the database");
  expect(() => deps.secrets.seal("text", "context")).toThrow("not given the channel key");
  runtime.database.close();
});

test("every backend that a request may name is there, configured or not", async () => {
  const runtime = await createRuntime(readConfig([], { PUBSUB_PROJECT: "test" }));
  const { forecasters } = openInvocation(runtime, null).deps;
  const names = forecasters.list().flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(names.toSorted()).toEqual(Backend.options.toSorted());
  for (const backend of ["timegpt", "statsforecast"] as const) {
    expect(() => forecasters.pick(backend)).toThrow(expect.objectContaining({ kind: "backend-unavailable" }));
  }
  runtime.database.close();
});

test("with its key TimeGPT makes forecasts, and what auto means can be set", async () => {
  const server = await startTimegptServer({ key: "nixak-1" });
  const env = {
    PUBSUB_PROJECT: "test",
    INTENTVISION_TIMEGPT_KEY: "nixak-1",
    INTENTVISION_TIMEGPT_URL: `${server.url}/`,
    INTENTVISION_FORECAST_PREFERENCE: "timegpt",
  };
  const runtime = await createRuntime(readConfig(["intentvision-timegpt-key"], env));
  const { forecasters } = openInvocation(runtime, null).deps;
  const observations = { timestamps: Float64Array.of(0, 60_000), values: Float64Array.of(1, 2) };
  expect(await forecasters.pick("auto").forecast(observations, { horizon: 1, levels: [80] })).toMatchObject({
    ok: true,
    value: { backend: "timegpt", mean: Float64Array.of(3) },
  });
  expect(forecasters.list().find(({ aliases }) => aliases.includes("auto"))?.name).toBe("timegpt");
  runtime.database.close();
  await server.stop();
});

test("auto-arima is there for who asks for it, in the process", async () => {
  const runtime = await createRuntime(readConfig([], { PUBSUB_PROJECT: "test" }));
  const { forecasters } = openInvocation(runtime, null).deps;
  expect(forecasters.list().find(({ name }) => name === "auto-arima")).toMatchObject({ available: true, aliases: [] });
  const observations = {
    timestamps: Float64Array.from({ length: 9 }, (_, i) => i * 60_000),
    values: Float64Array.from({ length: 9 }, (_, i) => i),
  };
  expect(await forecasters.pick("auto-arima").forecast(observations, { horizon: 1, levels: [80] })).toMatchObject({
    ok: true,
    value: { backend: "auto-arima", models: [{ name: "arima(0,1,0) with drift", weight: 1 }], mean: Float64Array.of(9) },
  });
  runtime.database.close();
});

test("with its address StatsForecast is asked, and the native engine makes what it does not", async () => {
  const paths: string[] = [];
  const receiver = await startHttpReceiver(({ path }) => {
    paths.push(path);
    return { status: 500 };
  }, "/");
  const runtime = await createRuntime(readConfig([], { PUBSUB_PROJECT: "test", INTENTVISION_STATSFORECAST_URL: receiver.url }));
  const { forecasters } = openInvocation(runtime, null).deps;
  const observations = { timestamps: Float64Array.of(0, 60_000), values: Float64Array.of(1, 2) };
  expect(await forecasters.pick("statsforecast").forecast(observations, { horizon: 1, levels: [80] })).toMatchObject({
    ok: true,
    value: { backend: "native", fallback: { from: "statsforecast", reason: expect.stringContaining("answered 500") } },
  });
  expect(paths).toEqual(["/v1/forecast"]);
  runtime.database.close();
  await receiver.stop();
});
