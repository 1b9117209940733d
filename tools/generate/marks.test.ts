import { describe, expect, test } from "@jest/globals";
import { insertBetweenMarks } from "./marks.ts";

describe("generated text", () => {
  const page = "# Page\n\n<!-- generated: performance -->\nold\n<!-- end: performance -->\n\nMore\n";

  test("replaces what stood between its marks, and nothing else", () => {
    expect(insertBetweenMarks(page, "performance", "new")).toBe(
      "# Page\n\n<!-- generated: performance -->\n\nnew\n\n<!-- end: performance -->\n\nMore\n",
    );
  });

  test("is refused by a page without its marks", () => {
    expect(() => insertBetweenMarks(page, "functions", "new")).toThrow("no marks for functions");
  });
});
