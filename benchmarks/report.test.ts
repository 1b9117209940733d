import { describe, expect, test } from "@jest/globals";
import { median, quantile } from "./measure.ts";
import { markdownTable, performanceSection, row, textTable } from "./report.ts";

const rows = [
  row("Ingest", 412_345.6, "points/CPU-s", { anchor: { name: "appending alone", value: 1_649_382 }, bar: 350_000 }),
  row("Cold start", 170, "ms", { bar: 160 }),
];

describe("a benchmark's rows", () => {
  test("carry the ratio to their anchor, all in four digits", () => {
    expect(rows[0]).toEqual({
      measure: "Ingest",
      value: 412_300,
      unit: "points/CPU-s",
      anchor: { name: "appending alone", value: 1_649_000 },
      ratio: 0.25,
      bar: 350_000,
    });
  });

  test("leave out what they have not got", () => {
    expect(row("Peak memory", 80, "MiB")).toEqual({ measure: "Peak memory", value: 80, unit: "MiB" });
  });

  test("are printed in columns, a rate held to at least its bar and all else to at most", () => {
    expect(textTable(rows)).toBe(
      [
        "measure     value                 anchor                      ratio  bar",
        "Ingest      412,300 points/CPU-s  1,649,000: appending alone  0.25   at least 350,000: met",
        "Cold start  170 ms                                                   at most 160: missed",
      ].join("\n"),
    );
  });

  test("are written on a page as a table, with where and when they were measured", () => {
    const report = { name: "load", at: "2026-11-20T10:00:00.000Z", machine: "2 × Abacus", rows: rows.slice(1) };
    expect(performanceSection([report])).toBe(
      `[load](benchmarks/results/load.json): 2026-11-20 on 2 × Abacus\n\n${markdownTable(rows.slice(1))}`,
    );
    expect(markdownTable(rows.slice(1))).toBe(
      "| measure | value | anchor | ratio | bar |\n| --- | --- | --- | --- | --- |\n| Cold start | 170 ms |  |  | at most 160: missed |",
    );
  });
});

test("a page shows the first rows of a long report and says how many more there are", () => {
  const many = Array.from({ length: 12 }, (_, place) => row(`Row ${place}`, place + 1, "ms"));
  const section = performanceSection([{ name: "long", at: "2026-11-20T10:00:00.000Z", machine: "2 × Abacus", rows: many }]);
  expect(section).toContain("and 2 rows more");
  expect(section).toContain("Row 9");
  expect(section).not.toContain("Row 10");
});

describe("quantiles", () => {
  test("lie on the line between the two values beside them, whatever the values' order", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([30, 10, 20], 1)).toBe(30);
    expect(quantile([30, 10, 20], 0.25)).toBe(15);
  });

  test("of no values are refused", () => {
    expect(() => median([])).toThrow("no values");
  });
});
