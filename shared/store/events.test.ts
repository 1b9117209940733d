import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)";
const FILL = {
  outbox: `${NUMBERS} INSERT INTO outbox (id, topic, event, created_at, published_at) SELECT n, 'metrics', '{}', 0, :at FROM numbers`,
  processed_event: `${NUMBERS} INSERT INTO processed_event (consumer, event_id, at) SELECT 'notify', n, :at FROM numbers`,
  idempotency: `
    ${NUMBERS} INSERT INTO idempotency (org, key, route, payload_hash, expires_at) SELECT 'org', n, 'POST /', 'hash', :at FROM numbers`,
} as const;

test.each(["outbox", "processed_event", "idempotency"] as const)(
  "of %s all that is old is forgotten, however much it is",
  async (table) => {
    await harness.database.write([
      { sql: FILL[table], args: { first: 1, last: 60_000, at: START - 1 } },
      { sql: FILL[table], args: { first: 60_001, last: 60_002, at: START + 1 } },
    ]);
    await harness.deps.store.platform.events.prune(START, START);
    expect(await harness.database.read(`SELECT count(*) AS n FROM ${table}`, {})).toMatchObject([{ n: 2 }]);
  },
);
