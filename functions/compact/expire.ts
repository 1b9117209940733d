import type { OrgId } from "../../shared/contract/ids.ts";
import type { Deps } from "../../shared/ports.ts";

/** A transaction drops so many chunks. */
const CHUNKS_A_BITE = 200;
/** Longer than a bite: who still holds it after that has died. */
const LEASE_MS = 15_000;
/** What an organisation has not done by then is left to the next hour. */
const TIME_MS = 60_000;
/** Dead letters are kept for so long. */
const LETTERS_KEPT_MS = 30 * 86_400_000;
const ORGS_A_PAGE = 100;

/** Organisations that keep their points for a time only. */
export async function* expiringOrgs({ store }: Deps): AsyncGenerator<OrgId> {
  for (let after = ""; ;) {
    const orgs = await store.platform.expiry.orgs(after, ORGS_A_PAGE);
    yield* orgs;
    if (orgs.length < ORGS_A_PAGE) return;
    after = orgs.at(-1)!;
  }
}

/**
 * Drops what an organisation has past its retention, a bite at a time, each whole or not at all. The lease of compaction spares both
 * that one undoes what the other has read; that nothing is lost without it, the store sees to.
 */
export async function expireOrg(org: OrgId, { store, clock, newId }: Deps): Promise<void> {
  const { leases, expiry } = store.platform;
  const [lease, owner] = [`compact:${org}`, newId<string>("evt")];
  const until = clock.now() + TIME_MS;
  try {
    for (;;) {
      const now = clock.now();
      if (now >= until || !(await leases.acquire(lease, owner, now + LEASE_MS, now))) return;
      if ((await expiry.expire(org, { now, limit: CHUNKS_A_BITE })) === 0) return;
    }
  } finally {
    await leases.release(lease, owner);
  }
}

/** Forgets dead letters that nobody has replayed or dropped. */
export const forgetDeadLetters = ({ store, clock }: Deps): Promise<void> =>
  store.platform.expiry.forgetDeadLetters(clock.now() - LETTERS_KEPT_MS);
