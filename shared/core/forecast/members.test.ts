import { expect, test } from "@jest/globals";
import { membersFor } from "./members.ts";
import type { Circumstances } from "./members.ts";

type Changed = Pick<Circumstances, "n" | "horizon" | "calendar" | "found" | "floor"> & Partial<Circumstances>;
const names = (changed: Changed): string[] => membersFor({ zeros: 0, intermittent: false, ...changed }).map(({ name }) => name);

test("a handful of points is left to naive and the mean", () => {
  expect(names({ n: 7, horizon: 3, calendar: [], found: [], floor: 0 })).toEqual(["naive", "mean"]);
});

test("the baseline comes first: the season that shows, or the last value", () => {
  expect(names({ n: 700, horizon: 48, calendar: [24, 168], found: [24], floor: null })[0]).toBe("seasonal-naive(24)");
  expect(names({ n: 700, horizon: 48, calendar: [24, 168], found: [], floor: null })[0]).toBe("naive");
});

test("no member is there twice", () => {
  for (const found of [[], [24], [24, 168]]) {
    for (const n of [100, 700]) {
      const all = names({ n, horizon: 48, calendar: [24, 168], found, floor: 0 });
      expect(new Set(all).size).toBe(all.length);
    }
  }
});

test("logarithms need a floor, long looks a horizon of a cycle, and exponential smoothing a short series", () => {
  const of = (changed: object): string => names({ n: 700, horizon: 48, calendar: [24], found: [24], floor: 0, ...changed }).join(" ");
  expect(of({})).toMatch(/log theta.*long-profile/);
  expect(of({ floor: null })).not.toMatch(/log |level-by-shape/);
  expect(of({ horizon: 23 })).not.toContain("long-profile");
  expect(of({})).not.toContain("ets");
  expect(of({ n: 150 })).toContain("ets(24)");
});

test("dynamic theta forecasts short series in which no season shows, beside those of the calendar too", () => {
  const of = (changed: object): string => names({ n: 200, horizon: 8, calendar: [52], found: [], floor: 0, ...changed }).join(" ");
  expect(of({})).toMatch(/ dynamic-theta .*log dynamic-theta .* dynamic-theta\(52\) .*log dynamic-theta\(52\)/);
  expect(of({ n: 201 })).not.toContain("dynamic-theta");
  expect(of({ found: [52] })).not.toContain("dynamic-theta");
});

test("many zeros bring in the models of demands that come now and then, and where the mean is asked for no median is left", () => {
  const asked = { n: 700, horizon: 48, calendar: [24], found: [24], floor: 0 };
  expect(names({ ...asked, zeros: 0.3 }).join()).not.toContain("croston");
  expect(names({ ...asked, zeros: 0.31 }).join()).toMatch(/croston\(24\),sba\(24\),tsb\(24\),adida\(24\).*log theta.*median-profile/);
  expect(names({ ...asked, zeros: 0.6, intermittent: true }).join()).toMatch(
    /croston\(24\)(?!.*(log|median|profile|level)).*lag-regression/,
  );
});
