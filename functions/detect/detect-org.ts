import type { OrgId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import type { Deps } from "../../shared/ports.ts";
import { leaseOf, LEASE_MS } from "./lease.ts";
import { scoreAhead, scoreLog } from "./pass.ts";
import type { PassOutcome } from "./pass.ts";

/** Passes that may be lost in a row: the lease keeps others away, so more of them mean trouble. */
const MOST_LOST = 5;

/**
 * Scores everything of an organisation that is waiting, in passes, each of which is one or a few batches: points whose time has come, then
 * the write log. The lease spares two workers the same work; that only one of them can commit, the store sees to.
 *
 * @param until - Unix ms at which it stops, whatever is left.
 * @returns `held` when somebody else is at it.
 */
export async function detectOrg(org: OrgId, deps: Deps, until: number): Promise<"done" | "held" | "out-of-time"> {
  const { store, clock, newId } = deps;
  const { leases } = store.platform;
  const [lease, owner] = [leaseOf(org), newId<string>("evt")];
  let lost = 0;
  try {
    for (;;) {
      const now = clock.now();
      if (now >= until) return "out-of-time";
      if (!(await leases.acquire(lease, owner, now + LEASE_MS, now))) return "held";
      const outcome = await onePass(org, deps, now);
      if (outcome === "nothing") return "done";
      lost = outcome === "lost" ? lost + 1 : 0;
      if (lost >= MOST_LOST) throw new Unavailable("Detection keeps losing against others", { retryable: true });
    }
  } finally {
    await leases.release(lease, owner);
  }
}

async function onePass(org: OrgId, deps: Deps, now: number): Promise<PassOutcome> {
  const ahead = await scoreAhead(org, deps, now);
  return ahead === "nothing" ? scoreLog(org, deps, now) : ahead;
}
