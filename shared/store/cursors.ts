import type { OrgId } from "../contract/ids.ts";
import type { Database, Statement } from "./database.ts";

const SELECT = "SELECT seq FROM cursor WHERE consumer = :consumer AND org = :org";
const START = "INSERT INTO cursor (consumer, org, seq) VALUES (:consumer, :org, 0) ON CONFLICT DO NOTHING";
// A cursor that somebody else moved becomes NULL, which its column refuses: the whole batch fails.
const MOVE = "UPDATE cursor SET seq = CASE WHEN seq = :from THEN :to END WHERE consumer = :consumer AND org = :org";

/** How far a consumer has read the write log of an organisation: 0 at first. */
export async function readCursor(database: Database, consumer: string, org: OrgId): Promise<number> {
  const [row] = await database.read(SELECT, { consumer, org });
  return row === undefined ? 0 : (row["seq"] as number);
}

/** Moves a cursor in the batch of the effects that it stands for; the batch fails with Conflict when it has moved meanwhile. */
export const moveCursor = (consumer: string, org: OrgId, from: number, to: number): Statement[] => [
  { sql: START, args: { consumer, org } },
  { sql: MOVE, args: { consumer, org, from, to } },
];
