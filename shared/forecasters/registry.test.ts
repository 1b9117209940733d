import { describe, expect, test } from "@jest/globals";
import { Backend } from "../contract/forecast.ts";
import { nativeForecaster } from "./native.ts";
import { createForecasters } from "./registry.ts";
import { stubForecaster } from "./stub.ts";

const all = createForecasters([nativeForecaster, stubForecaster]);
const unavailable = createForecasters([nativeForecaster, { ...stubForecaster, about: { ...stubForecaster.about, available: false } }]);

describe("the registry", () => {
  test("finds a backend for every name that the contract takes", () => {
    const names = Backend.options.map((backend) => [backend, all.pick(backend).about.name]);
    expect(Object.fromEntries(names)).toEqual({ auto: "native", native: "native", statistical: "native", stub: "stub" });
  });

  test("lists the backends with the names that they answer to", () => {
    expect(all.list().map(({ name, aliases }) => [name, aliases])).toEqual([
      ["native", ["auto", "statistical"]],
      ["stub", []],
    ]);
  });

  test("means by auto the first one", () => {
    expect(createForecasters([stubForecaster, nativeForecaster]).pick("auto")).toBe(stubForecaster);
  });

  test.each([
    ["not among them", createForecasters([nativeForecaster])],
    ["not configured", unavailable],
  ])("refuses a backend that is %s", (_name, forecasters) => {
    expect(() => forecasters.pick("stub")).toThrow(expect.objectContaining({ kind: "backend-unavailable" }));
  });
});
