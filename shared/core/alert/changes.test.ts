import { describe, expect, test } from "@jest/globals";
import type { ChangeEventId, SeriesId } from "../../contract/ids.ts";
import type { Dimensions } from "../../contract/series.ts";
import { changesNear, changesWindow } from "./changes.ts";
import type { ChangeRecord } from "./changes.ts";

const START = Date.UTC(2026, 10, 20, 10);
const MINUTE = 60_000;
const alert = (dimensions: Dimensions | null = { service: "api", region: "eu" }) => ({
  series: dimensions === null ? null : { id: "ser_a" as SeriesId, metricKey: "latency", dimensions },
  episode: { pendingAt: START, startedAt: START + 5 * MINUTE },
});
const change = (id: string, at: number, dimensions: Dimensions = {}, endAt: number | null = null): ChangeRecord => ({
  id: id as ChangeEventId,
  kind: "deployment",
  title: id,
  at,
  endAt,
  dimensions,
  link: null,
  source: null,
  createdBy: { kind: "key", id: "key_a" },
  createdAt: at,
});
const near = (changes: readonly ChangeRecord[], of = alert()) => changesNear(of, changes).map(({ id }) => id);

describe("the changes near an alert", () => {
  test("are those from an hour before it was pending to five minutes after it began", () => {
    const times = [
      change("too early", START - 60 * MINUTE - 1),
      change("first", START - 60 * MINUTE),
      change("went on", START - 90 * MINUTE, {}, START - 60 * MINUTE),
      change("was over", START - 90 * MINUTE, {}, START - 60 * MINUTE - 1),
      change("last", START + 10 * MINUTE),
      change("too late", START + 10 * MINUTE + 1),
    ];
    expect(near(times)).toEqual(["last", "first", "went on"]);
    const { from, to } = changesWindow(alert());
    expect(near(times)).toEqual(near(times.filter(({ at, endAt }) => at < to && (endAt ?? at) >= from)));
  });

  test.each<[string, Dimensions, Dimensions | null, boolean]>([
    ["of everything", {}, { service: "api" }, true],
    ["of the same service", { service: "api" }, { service: "api", region: "eu" }, true],
    ["of something that the series does not name", { flag: "new-cart" }, { service: "api" }, true],
    ["of another service", { service: "web" }, { service: "api" }, false],
    ["of the service elsewhere", { service: "api", region: "us" }, { service: "api", region: "eu" }, false],
    ["of anything, for a rule that looks at no series", { service: "web" }, null, true],
    ["of something that is called as what every object has", { toString: "x" }, { service: "api" }, true],
  ])("may be %s", (_, dimensions, series, isNear) => {
    expect(near([change("it", START, dimensions)], alert(series))).toEqual(isNear ? ["it"] : []);
  });

  test("come by how much they have in common with it, then by how near they are, five at most", () => {
    const of = { service: "api", region: "eu" };
    const changes = [
      change("everything, far", START - 50 * MINUTE),
      change("everything, near", START - MINUTE),
      change("both, far", START - 40 * MINUTE, of),
      change("service, near", START - MINUTE, { service: "api" }),
      change("service, as near, after", START + MINUTE, { service: "api" }),
      change("everything, nearer", START),
    ];
    const order = ["both, far", "service, near", "service, as near, after", "everything, nearer", "everything, near"];
    expect(near(changes)).toEqual(order);
    expect(near(changes.toReversed())).toEqual(order);
  });
});
