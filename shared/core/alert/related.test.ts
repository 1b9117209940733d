import { describe, expect, test } from "@jest/globals";
import type { AlertId, InstanceId } from "../../contract/ids.ts";
import type { AlertRecord } from "./alert-record.ts";
import { EARLIER_MS, relatedOf } from "./related.ts";
import type { PastEpisode } from "./related.ts";

const START = Date.UTC(2026, 10, 20, 10);
const own = "ins_own" as InstanceId;
const alert = (resolvedAt: number | null = null): Pick<AlertRecord, "id" | "instance" | "episode"> => ({
  id: "alt_it" as AlertId,
  instance: own,
  episode: { startedAt: START, resolvedAt } as AlertRecord["episode"],
});
const past = (id: string, startedAt: number, instance = own, resolvedAt: number | null = startedAt + 60_000): PastEpisode => ({
  id: id as AlertId,
  instance,
  startedAt,
  resolvedAt,
});
const NONE = { alerts: 0, dimensions: [] };

describe("earlier alerts", () => {
  test("are those that began before it, not too long ago", () => {
    const episodes = [
      past("alt_later", START + 1),
      past("alt_it", START),
      past("alt_with_it", START),
      past("alt_before", START - 1, own, null),
      past("alt_other", START - 2, "ins_other" as InstanceId),
      past("alt_oldest", START - EARLIER_MS),
      past("alt_too_old", START - EARLIER_MS - 1),
    ];
    expect(relatedOf(alert(), episodes, NONE).earlier).toEqual({
      ofInstance: 2,
      ofRule: 3,
      newest: [
        { id: "alt_before", startedAt: "2026-11-20T09:59:59.999Z", duration: null },
        { id: "alt_oldest", startedAt: "2026-10-21T10:00:00.000Z", duration: "1m" },
      ],
    });
  });
});

describe("what firing alerts share", () => {
  const shared = (alerts: number, dimensions: readonly (readonly [string, string, number])[]) =>
    relatedOf(alert(), [], { alerts, dimensions: dimensions.map(([name, value, n]) => ({ name, value, alerts: n })) }).firing!.dimensions;

  test("is what at least half of them have, one value a dimension, three at most", () => {
    expect(
      shared(4, [
        ["env", "prod", 4],
        ["region", "eu", 2],
        ["region", "us", 2],
        ["service", "api", 2],
        ["zone", "a", 2],
        ["host", "x", 1],
      ]).map(({ name, value }) => `${name}=${value}`),
    ).toEqual(["env=prod", "region=eu", "service=api"]);
  });

  test("is nothing of one alert alone, and not asked of one that is over", () => {
    expect(shared(1, [["host", "x", 1]])).toEqual([]);
    expect(relatedOf(alert(START + 1), [], { alerts: 3, dimensions: [] }).firing).toBeNull();
  });
});
