import { expect, test } from "@jest/globals";
import { startHarness } from "../testing/harness.ts";
import { MAX_DEAD_LETTERS } from "./dead-letters.ts";

const NOTHING = { series: [], counts: [], timestamps: [], values: [] };

test("an organisation's dead letters are never more than it may have, however many a request brings", async () => {
  const { deps, database, org, close } = await startHarness();
  try {
    const { points } = deps.store.forOrg(org);
    for (const [request, n] of [MAX_DEAD_LETTERS - 1, MAX_DEAD_LETTERS].entries()) {
      const rejected = Array.from({ length: n }, (_, row) => ({ source: "otlp", reason: "No name", payload: `${request} ${row}` }));
      await points.append({ points: NOTHING, rejected, at: request });
    }
    const rows = await database.read("SELECT created_at AS at, count(*) AS n FROM dead_letter WHERE org = :org GROUP BY created_at", {
      org,
    });
    expect(rows.map(({ at, n }) => [at, n])).toEqual([[1, MAX_DEAD_LETTERS]]);
  } finally {
    close();
  }
});
