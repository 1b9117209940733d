import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Unavailable } from "../../shared/contract/problem.ts";
import type { Store } from "../../shared/ports/store.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import health from "./http.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const ask = (path: string, { platform } = harness.deps.store) =>
  startHttp(harness, { stores: () => ({ ...harness.deps.store, platform }) }).request(health, "GET", path);
const away = (): Store => {
  const { platform } = harness.deps.store;
  const pending = async () => {
    throw new Unavailable("The database does not answer", { retryable: true });
  };
  return { ...harness.deps.store, platform: { ...platform, events: { ...platform.events, pending } } };
};

describe("200", () => {
  test("a process is alive whatever its store does, for anybody who asks", async () => {
    expect(await ask("/health", away())).toMatchObject({ status: 200, body: { status: "ok" } });
  });

  test("a system is ready when its store answers and events are being worked off", async () => {
    await harness.store("cpu", [[START, 1]]);
    expect(await ask("/health/ready")).toMatchObject({ status: 200, body: { status: "ok", store: "ok", bus: "ok" } });
  });

  test("an event that has waited for more than five minutes is told: nobody works events off", async () => {
    await harness.store("cpu", [[START, 1]]);
    harness.clock.advance(5 * 60_000);
    expect(await ask("/health/ready")).toMatchObject({ body: { status: "ok" } });
    harness.clock.advance(1);
    expect(await ask("/health/ready")).toMatchObject({ body: { status: "stuck", store: "ok", bus: "stuck" } });
  });
});

describe("503", () => {
  test("a system whose store does not answer is not ready, and says no more of it", async () => {
    const answer = await ask("/health/ready", away());
    expect(answer).toMatchObject({ status: 503, body: { title: "Something that we depend on does not answer" } });
    expect(JSON.stringify(answer.body)).not.toContain("database");
  });
});
