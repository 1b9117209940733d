import { expect, test } from "@jest/globals";
import type { OrgId } from "../../contract/ids.ts";
import { canonicalDimensions, seriesId } from "./series-id.ts";

const org = "org_000000000000000000000001" as OrgId;
const id = (dimensions: Record<string, string>, of = org) => seriesId(of, "http.requests", canonicalDimensions(dimensions));

test("the same dimensions in another order are the same series", () => {
  expect(id({ region: "eu", host: "a" })).toBe(id({ host: "a", region: "eu" }));
});

test("separators inside a value never make two series one", () => {
  expect(id({ a: "1,b=2" })).not.toBe(id({ a: "1", b: "2" }));
  expect(id({ a: '1","b":"2' })).not.toBe(id({ a: "1", b: "2" }));
});

test("the same key in two organisations is two series", () => {
  expect(id({})).not.toBe(id({}, "org_000000000000000000000002" as OrgId));
});
