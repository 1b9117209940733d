import { invalid, notFound, Problem } from "../../shared/contract/problem.ts";
import { flawOf } from "../../shared/core/alert/compile-policies.ts";
import type { AnyPolicy, PolicyDefinitions, PolicyKind } from "../../shared/core/alert/compile-policies.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { untilWon } from "../../shared/core/until-won.ts";
import { MOST_POLICIES } from "../../shared/ports/alert-policies.ts";
import type { StoredPolicy } from "../../shared/ports/alert-policies.ts";
import { reviewSuppression } from "../../shared/ports/review-suppression.ts";
import type { Deps } from "../../shared/ports.ts";
import type { TenantContext } from "../../shared/runtime/route.ts";

/**
 * Refuses patterns that RE2 does not take, and matchers that hide everything.
 * @param before - What it was: a flaw that it had may stay, so that what was taken once can be ended.
 * @throws Problem validation-failed.
 */
export function requireSound<Kind extends PolicyKind>(
  kind: Kind,
  definition: PolicyDefinitions[Kind],
  before?: PolicyDefinitions[Kind],
): void {
  const flawIn = (one: PolicyDefinitions[Kind]) => flawOf({ kind, definition: one } as unknown as AnyPolicy);
  const flaw = flawIn(definition);
  if (flaw === null || (before !== undefined && canonicalJson(flawIn(before)) === canonicalJson(flaw))) return;
  throw invalid([flaw]);
}

/** Stores a new policy and lets it hold at once. @throws Problem validation-failed, limit-reached. */
export async function makePolicy<Kind extends PolicyKind>(
  { kind, id, definition }: Pick<StoredPolicy<Kind>, "kind" | "id" | "definition">,
  { org, actor }: Pick<TenantContext, "org" | "actor">,
  deps: Deps,
): Promise<StoredPolicy<Kind>> {
  requireSound(kind, definition);
  const now = deps.clock.now();
  const policy: StoredPolicy<Kind> = { kind, id, version: 1, definition, createdAt: now, updatedAt: now };
  if (!(await deps.store.forOrg(org).alertPolicies.insert(policy, actor))) {
    throw new Problem("limit-reached", `An organisation may have ${MOST_POLICIES[kind]} of these.`);
  }
  await letItHold(org, deps);
  return policy;
}

/**
 * Gives a policy another definition; the same definition again changes nothing.
 * @param of.tagged - What a read of it is known by.
 * @throws Problem not-found, precondition-failed, validation-failed, conflict, and what `edit` throws.
 */
export async function changePolicy<Kind extends PolicyKind>(
  of: { readonly kind: Kind; readonly id: string; readonly tagged: (policy: StoredPolicy<Kind>) => unknown },
  edit: (present: PolicyDefinitions[Kind]) => PolicyDefinitions[Kind],
  { org, actor, requireMatch }: Pick<TenantContext, "org" | "actor" | "requireMatch">,
  deps: Deps,
): Promise<StoredPolicy<Kind>> {
  const { alertPolicies } = deps.store.forOrg(org);
  return untilWon("It is", async () => {
    const before = await alertPolicies.get(of.kind, of.id);
    if (before === null) throw notFound();
    requireMatch(of.tagged(before));

    const definition = edit(before.definition);
    requireSound(of.kind, definition, before.definition);
    if (canonicalJson(definition) === canonicalJson(before.definition)) return before;
    const after: StoredPolicy<Kind> = { ...before, version: before.version + 1, definition, updatedAt: deps.clock.now() };
    if (!(await alertPolicies.replace(after, actor))) return null;
    await letItHold(org, deps);
    return after;
  });
}

/** Shows at once what hides alerts now, and tells of those that nothing hides any more. */
export async function letItHold(org: TenantContext["org"], { store, clock, alarm }: Deps): Promise<void> {
  const now = clock.now();
  if (await reviewSuppression(store.forOrg(org), now)) await alarm.wakeAt(now);
}
