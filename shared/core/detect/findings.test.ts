import { expect, test } from "@jest/globals";
import { findAnomalies } from "./findings.ts";
import type { ScoringProgress } from "./findings.ts";
import type { PointScore } from "./score-point.ts";

const fresh: ScoringProgress = { scoredTo: null, calmTo: null, open: "none" };

/** `!` is an anomaly, `.` none, `?` a point without a score; the number is its time. */
function scores(text: string): PointScore[] {
  return text.split(" ").map((point) => {
    const kind = point.slice(-1);
    const rest = {
      value: 1,
      score: 0,
      expected: null,
      lo: null,
      hi: null,
      direction: null,
      daysPerFalseAlarm: null,
      goesOn: false,
      methods: {},
      consensus: 0,
    };
    return {
      ...rest,
      timestamp: Number(point.slice(0, -1)),
      anomalous: kind === "!",
      severity: kind === "?" ? null : "low",
      late: false,
      warmingUp: kind === "?",
    };
  });
}

const find = (text: string, before = fresh, historical: readonly number[] = []) => {
  const scored = scores(text);
  const found = findAnomalies(scored, (row) => historical.includes(scored[row]!.timestamp), before);
  return {
    anomalies: found.anomalies.map(({ row, clearedAt }) => [scored[row]!.timestamp, clearedAt]),
    clears: found.clears,
    clearedAt: found.clearedAt,
    progress: found.progress,
  };
};

test.each([
  [
    "an anomaly is open until a point comes that is none",
    "1. 2! 3!",
    [
      [2, null],
      [3, null],
    ],
    { scoredTo: 3, calmTo: 1, open: "live" },
  ],
  [
    "the first calm point after it clears it",
    "1! 2! 3. 4.",
    [
      [1, 3],
      [2, 3],
    ],
    { scoredTo: 4, calmTo: 4, open: "none" },
  ],
  ["a point without a score clears nothing", "1! 2?", [[1, null]], { scoredTo: 2, calmTo: null, open: "live" }],
  ["a calm point of the same time clears nothing", "1! 1.", [[1, null]], { scoredTo: 1, calmTo: 1, open: "live" }],
  [
    "a calm point behind an anomaly clears only what is before it",
    "1! 5! 3.",
    [
      [1, 3],
      [5, null],
    ],
    { scoredTo: 5, calmTo: 3, open: "live" },
  ],
  ["an anomaly that comes in behind a calm point is cleared by it at once", "1. 5. 3!", [[3, 5]], { scoredTo: 5, calmTo: 5, open: "none" }],
] as const)("%s", (_name, text, anomalies, progress) => {
  expect(find(text)).toMatchObject({ anomalies, clears: [], progress });
});

test("the first calm point clears what was open before the batch, and later ones need not", () => {
  expect(find("11! 12. 13.", { scoredTo: 10, calmTo: 8, open: "live" })).toEqual({
    anomalies: [[11, 12]],
    clears: [12],
    clearedAt: 12,
    progress: { scoredTo: 13, calmTo: 13, open: "none" },
  });
});

test("calm points behind the newest may each clear a part of what was open before", () => {
  expect(find("7. 9. 11.", { scoredTo: 10, calmTo: 5, open: "live" })).toMatchObject({
    clears: [7, 9, 11],
    progress: { calmTo: 11, open: "none" },
  });
  expect(find("7.", { scoredTo: 10, calmTo: 5, open: "live" })).toMatchObject({ clears: [7], progress: { open: "live" } });
});

test("historical anomalies are cleared, and nobody is told", () => {
  expect(find("1! 2.", fresh, [1])).toMatchObject({ anomalies: [[1, 2]], clearedAt: null });
  expect(find("1!", fresh, [1]).progress.open).toBe("historical");
  expect(find("2.", { scoredTo: 1, calmTo: null, open: "historical" })).toMatchObject({
    clears: [2],
    clearedAt: null,
    progress: { open: "none" },
  });
  expect(find("2!", { scoredTo: 1, calmTo: null, open: "historical" }).progress.open).toBe("live");
});

test("splitting points in time order into batches finds the same", () => {
  const text = "1! 2. 3! 4! 5. 6. 7! 8! 9. 10!".split(" ");
  const whole = find(text.join(" "));
  for (let cut = 1; cut < text.length; cut++) {
    const first = find(text.slice(0, cut).join(" "));
    const second = find(text.slice(cut).join(" "), first.progress);
    const cleared = first.anomalies.map(([at, clearedAt]) => [at, clearedAt ?? second.clears.find((clear) => clear > at!) ?? null]);
    expect([...cleared, ...second.anomalies]).toEqual(whole.anomalies);
    expect(second.progress).toEqual(whole.progress);
  }
});

test.each([
  ["1. 2! 3! 4. 5! 6!", fresh, [], [1, 1, 2, 2], 2],
  ["11! 12. 13!", { scoredTo: 10, calmTo: 8, open: "live" }, [], [0, 1], 1],
  ["11! 12!", { scoredTo: 10, calmTo: 8, open: "held" }, [], [0, 0], 0],
  ["11!", { scoredTo: 10, calmTo: 8, open: "historical" }, [], [1], 1],
  // Behind a point that was none, each is over at once.
  ["10. 20. 15! 16! 21!", fresh, [], [1, 2, 3], 3],
  ["1! 2! 3! 4.", fresh, [1, 2], [null, null, 1], null],
] as const)(
  "of %s each live anomaly belongs to the episode that was open, or opens another",
  (text, before, historical, episodes, open) => {
    const scored = scores(text);
    const found = findAnomalies(scored, (row) => (historical as readonly number[]).includes(scored[row]!.timestamp), before);
    expect(found.anomalies.map(({ episode }) => episode)).toEqual(episodes);
    expect(found.openEpisode).toBe(open);
  },
);

test("an open episode of which nobody was told stays one until it is over", () => {
  const before: ScoringProgress = { scoredTo: 10, calmTo: 8, open: "held" };
  expect(find("11!", before).progress.open).toBe("held");
  expect(find("11! 12.", before).progress.open).toBe("none");
  expect(find("11. 12!", before).progress.open).toBe("live");
});
