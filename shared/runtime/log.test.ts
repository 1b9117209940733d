import { expect, test } from "@jest/globals";
import { runInContext, tag } from "./context.ts";
import { createLog, errorFields } from "./log.ts";

function logInto(lines: string[]) {
  return createLog("detect", { level: "info", destination: { write: (line: string) => void lines.push(line) } });
}

test("a line is JSON in Cloud Logging's shape, with the context of its invocation", async () => {
  const lines: string[] = [];
  const log = logInto(lines);
  const context = { function: "ingest", requestId: "r1", trace: "abc", org: "org_1", tags: new Map() };
  await runInContext(context, async () => {
    tag("accepted", 3);
    log.warning("Something is odd", { why: "x" });
  });
  expect(JSON.parse(lines[0]!)).toMatchObject({
    severity: "WARNING",
    message: "Something is odd",
    component: "detect",
    function: "ingest",
    requestId: "r1",
    org: "org_1",
    accepted: 3,
    why: "x",
    "logging.googleapis.com/trace": "abc",
  });
});

test("tags are bounded, and lines below the level are not written", async () => {
  const lines: string[] = [];
  const log = logInto(lines);
  const tags = new Map<string, number>();
  await runInContext({ function: "f", requestId: "r", trace: null, org: null, tags }, async () => {
    for (let n = 0; n < 100; n++) tag(`t${n}`, n);
    log.debug("quiet");
  });
  expect([tags.size, lines.length]).toEqual([16, 0]);
});

test("an error is logged with its causes", () => {
  const { stack } = errorFields(new Error("outer", { cause: new Error("inner") }));
  expect(stack).toMatch(/outer[\s\S]*Caused by: Error: inner/);
});
