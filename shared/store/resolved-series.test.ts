import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { OrgId } from "../contract/ids.ts";
import { canonicalDimensions, seriesId } from "../core/series/series-id.ts";
import { createSeriesResolver } from "./resolved-series.ts";

const org = fc.constantFrom("org_a" as OrgId, "org_b" as OrgId);
const name = fc.constantFrom("a", "b", "c", "constructor");
const dimensions = fc.uniqueArray(fc.tuple(name, fc.constantFrom("", "a", "b")), { selector: ([first]) => first }).map(Object.fromEntries);
const written = fc.tuple(org, fc.constantFrom("a", "b"), dimensions);

test("a series is resolved to what it is without remembering, in whatever order its dimensions were written", () => {
  fc.assert(
    fc.property(fc.array(written), fc.integer({ min: 1, max: 5 }), (asked, most) => {
      const resolver = createSeriesResolver(most);
      for (const [of, metricKey, by] of asked) {
        const canonical = canonicalDimensions(by);
        expect(resolver.resolve(of, metricKey, by)).toEqual({
          series: seriesId(of, metricKey, canonical),
          metricKey,
          dimensions: canonical,
        });
      }
    }),
  );
});

test("a series is worked out once, until there are too many", () => {
  const resolver = createSeriesResolver(2);
  const resolve = (host: string) => resolver.resolve("org_a" as OrgId, "cpu", { host });
  const first = resolve("a");
  resolve("b");
  expect(resolve("a")).toBe(first);
  expect(resolve("b")).toBe(resolve("b"));
  resolve("c");
  expect(resolve("a")).not.toBe(first);
  expect(resolve("a")).toEqual(first);
});

test("a series is worked out once, until the names that are remembered are too long together", () => {
  const resolver = createSeriesResolver(1_000, 1_000);
  const long = "x".repeat(400);
  const resolve = (host: string) => resolver.resolve("org_a" as OrgId, "cpu", { host, long });
  const first = resolve("a");
  resolve("b");
  expect(resolve("a")).toBe(first);
  resolve("c");
  expect(resolve("a")).not.toBe(first);
});

test("so it is with names in the bytes of a protocol", () => {
  const resolver = createSeriesResolver(1_000, 1_000);
  const read: string[] = [];
  const resolve = (host: string) =>
    resolver.resolveEncoded("org_a" as OrgId, Buffer.from(host.repeat(400)), () => {
      read.push(host);
      return { ok: false, error: "No name" };
    });
  for (const host of ["a", "b", "a", "c", "a"]) resolve(host);
  expect(read).toEqual(["a", "b", "c", "a"]);
});
