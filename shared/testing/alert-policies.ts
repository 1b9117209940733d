import type { AlertId, OrgId } from "../contract/ids.ts";
import type { PolicyDefinitions, PolicyKind } from "../core/alert/compile-policies.ts";
import type { StoredPolicy } from "../ports/alert-policies.ts";
import type { Harness } from "./harness.ts";

/** Stores a policy as its creation would, the tree of routes also as its change would, and returns its id. */
export async function storePolicy<Kind extends PolicyKind>(
  { deps, clock, org }: Harness,
  kind: Kind,
  definition: PolicyDefinitions[Kind],
  as: OrgId = org,
): Promise<string> {
  const { alertPolicies, groups } = deps.store.forOrg(as);
  const actor = { kind: "key", id: "key_test" } as const;
  const now = clock.now();
  const id = kind === "routes" ? `rte_${as}` : deps.newId<string>("sil");
  const before = await alertPolicies.get(kind, id);
  const policy: StoredPolicy<Kind> = { kind, id, version: (before?.version ?? 0) + 1, definition, createdAt: now, updatedAt: now };
  const isStored = await (before === null ? alertPolicies.insert(policy, actor) : alertPolicies.replace(policy, actor));
  if (!isStored) throw new Error("The policy was not stored");
  if (kind === "routes") await groups.wakeAll(now);
  return id;
}

/** A matcher of one value of a label. */
export const is = (name: string, value: string) => ({ name, op: "=" as const, value });

/** What hides an alert of the harness's organisation, as it is stored. */
export async function suppressedBy({ deps, org }: Harness, alert: AlertId): Promise<readonly string[]> {
  const stored = await deps.store.forOrg(org).alerts.get(alert);
  if (stored === null) throw new Error("There is no such alert");
  return stored.suppressedBy;
}
