import type { OrgId } from "../../shared/contract/ids.ts";
import type { Deps } from "../../shared/ports.ts";

/**
 * A log so long is worth a pass. Reading a series goes through all of it, which then takes some milliseconds; a pass has the same cost
 * for each series whether it brings one point of it or hundreds.
 */
export const FULL_LOG = { points: 512_000, rows: 1_024 };
/** A pass takes at most so many points: it holds them in memory. */
const POINTS_A_PASS = 1_000_000;
/** Longer than a pass: who still holds it after that has died. */
const LEASE_MS = 15_000;

/**
 * Moves the write log of an organisation into chunks, until what is left must wait for its readers.
 * The lease spares two workers the same work; that only one of them can commit, the store sees to.
 */
export async function compactOrg(org: OrgId, { store, clock, newId }: Deps): Promise<void> {
  const { leases, compaction } = store.platform;
  const [lease, owner] = [`compact:${org}`, newId<string>("evt")];
  try {
    for (;;) {
      const now = clock.now();
      if (!(await leases.acquire(lease, owner, now + LEASE_MS, now))) return;
      const { rows } = await compaction.compact(org, { maxPoints: POINTS_A_PASS, now });
      if (rows === 0) return;
    }
  } finally {
    await leases.release(lease, owner);
  }
}
