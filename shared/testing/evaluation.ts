import type { Event } from "../contract/events.ts";
import type { OrgId } from "../contract/ids.ts";
import type { Rule } from "../contract/rule.ts";
import { START, testEvent } from "./harness.ts";
import type { Harness } from "./harness.ts";

export const MINUTE = 60_000;

/** So many minutes after the tests' start, Unix ms. */
export const minute = (n: number): number => START + n * MINUTE;

/** What says that points came in. */
export const ingested = (harness: Harness, org: OrgId = harness.org): Event =>
  testEvent("metrics.ingested", org, { seq: 1, n: 1, from: harness.clock.now(), to: harness.clock.now() }, harness.clock.now());

export const tick = (harness: Harness): Event => testEvent("tick.minute", null, {}, harness.clock.now());

/** An episode in minutes after the tests' start. */
export interface EpisodeInMinutes {
  readonly from: number;
  readonly to: number | null;
  readonly reason: string | null;
  readonly severity: string;
}

/** The episodes of a rule, by series and then by start. */
export async function episodesOf(harness: Harness, { id }: Rule, org: OrgId = harness.org): Promise<readonly EpisodeInMinutes[]> {
  const { items } = await harness.deps.store.forOrg(org).alerts.list({ rule: id }, { limit: 1_000 }, harness.clock.now());
  const inMinutes = (at: number) => (at - START) / MINUTE;
  return items
    .toSorted((a, b) => (a.series?.id ?? "").localeCompare(b.series?.id ?? "") || a.episode.startedAt - b.episode.startedAt)
    .map(({ episode: { startedAt, resolvedAt, reason, severity } }) => {
      return { from: inMinutes(startedAt), to: resolvedAt === null ? null : inMinutes(resolvedAt), reason, severity };
    });
}

/** Every transition of an organisation in the order of writing, as `kind from>to`. */
export async function transitionsOf({ database }: Harness, org: OrgId): Promise<readonly string[]> {
  const rows = await database.read("SELECT * FROM alert_transition WHERE org = :org ORDER BY seq", { org });
  return rows.map(({ kind, from_state: from, to_state: to }) => `${kind as string} ${(from as string | null) ?? ""}>${to as string}`);
}

/** What the outbox holds of changed alerts, in the order of writing. */
export async function changesOf({ deps }: Harness): Promise<readonly Event<"alert.changed">[]> {
  const rows = await deps.store.platform.events.pending({ after: 0, limit: 1_000 });
  return rows.map(({ event }) => event).filter((event): event is Event<"alert.changed"> => event.type === "alert.changed");
}

/** What the write says that marks how an attempt at a delivery ended. */
export const MARK = "delivered_at = :deliveredAt";

/**
 * Has a write of the database fail before it is written or after, as if its process had been killed there.
 * @param which - The nth from now, or the next that has a statement which says something.
 */
export function killWrite({ database }: Harness, moment: "before" | "after", which: number | string = 1): void {
  const { write } = database;
  let seen = 0;
  database.write = async (statements) => {
    seen += 1;
    const isIt = typeof which === "number" ? seen === which : statements.some(({ sql }) => sql.includes(which));
    if (!isIt) return write(statements);
    database.write = write;
    if (moment === "after") await write(statements);
    throw new Error("The process was killed");
  };
}

/** Does something right before the next write of the database, as another process might. */
export function beforeNextWrite({ database }: Harness, act: () => Promise<unknown>): void {
  const { write } = database;
  database.write = async (statements) => {
    database.write = write;
    await act();
    return write(statements);
  };
}
