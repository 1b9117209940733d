import { describe, expect, test } from "@jest/globals";
import type { AlertId, InstanceId } from "../../contract/ids.ts";
import type { AlertRecord } from "./alert-record.ts";
import { EARLIER_MS, earlierThan, relatedOf } from "./related.ts";
import type { PastEpisode, Surroundings } from "./related.ts";

const START = Date.UTC(2026, 10, 20, 10);
const own = "ins_own" as InstanceId;
const alert = (resolvedAt: number | null = null): Pick<AlertRecord, "id" | "instance" | "series" | "episode"> => ({
  id: "alt_it" as AlertId,
  instance: own,
  series: null,
  episode: { pendingAt: START, startedAt: START, resolvedAt } as AlertRecord["episode"],
});
const past = (id: string, startedAt: number, instance = own, resolvedAt: number | null = startedAt + 60_000): PastEpisode => ({
  id: id as AlertId,
  instance,
  startedAt,
  resolvedAt,
  reason: resolvedAt === null ? null : "recovered",
});
const known = (surroundings: Partial<Surroundings> = {}): Surroundings => ({
  earlier: { ofInstance: 0, ofRule: 0, newest: [] },
  notes: new Map(),
  verdicts: [],
  firing: { alerts: 0, dimensions: [] },
  watched: { series: 0, dimensions: [] },
  changes: [],
  ...surroundings,
});

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
    const unsaid = { note: null, feedback: null };
    expect(relatedOf(alert(), known({ earlier: earlierThan(alert(), episodes) })).earlier).toEqual({
      ofInstance: 2,
      ofRule: 3,
      newest: [
        { id: "alt_before", startedAt: "2026-11-20T09:59:59.999Z", duration: null, reason: null, ...unsaid },
        { id: "alt_oldest", startedAt: "2026-10-21T10:00:00.000Z", duration: "1m", reason: "recovered", ...unsaid },
      ],
    });
  });

  test("the newest three come with what people wrote and said of them", () => {
    const episodes = [1, 2, 3, 4].map((hours) => past(`alt_${hours}`, START - hours * 3_600_000));
    const said = (from: number, to: number, verdict: "expected" | "incident") => ({ from, to, isOpen: false, verdict, at: START });
    const start = START - 2 * 3_600_000;
    const { earlier } = relatedOf(
      alert(),
      known({
        earlier: earlierThan(alert(), episodes),
        notes: new Map([["alt_1" as AlertId, `Restarted it${"!".repeat(1_000)}`]]),
        verdicts: [said(start - 60_000, start, "incident"), said(start + 60_000, start + 70_000, "expected")],
      }),
    );
    expect(earlier.ofInstance).toBe(4);
    expect(earlier.newest.map(({ id, note, feedback }) => [id, note?.length, feedback])).toEqual([
      ["alt_1", 500, null],
      ["alt_2", undefined, "expected"],
      ["alt_3", undefined, null],
    ]);
  });
});

describe("what firing alerts share", () => {
  const shared = (alerts: number, dimensions: readonly (readonly [string, string, number])[]) =>
    relatedOf(alert(), known({ firing: { alerts, dimensions: dimensions.map(([name, value, n]) => ({ name, value, alerts: n })) } }))
      .firing!.dimensions;

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
    const others = {
      firing: { alerts: 3, dimensions: [{ name: "region", value: "eu", alerts: 3 }] },
      watched: { series: 9, dimensions: [] },
    };
    expect(relatedOf(alert(START + 1), known(others))).toMatchObject({ firing: null, topDimensions: [] });
    expect(relatedOf(alert(), known(others))).toMatchObject({ firing: { alerts: 3 }, topDimensions: [{ name: "region" }] });
  });
});
