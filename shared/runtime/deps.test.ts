import { expect, test } from "@jest/globals";
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
