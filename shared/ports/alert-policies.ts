import type { Actor } from "../contract/actor.ts";
import type { SilenceState } from "../contract/alert-policy.ts";
import type { OrgId } from "../contract/ids.ts";
import type { Page, PageQuery } from "../contract/page.ts";
import type { PolicyDefinitions, PolicyKind } from "../core/alert/compile-policies.ts";
import type { Policies } from "../core/alert/policies.ts";

// Times are Unix ms.

/** How many of each kind an organisation may have; of silences only those count that have not expired. */
export const MOST_POLICIES: Readonly<Record<PolicyKind, number>> = { routes: 1, silence: 1_000, "mute-window": 100, inhibition: 100 };

/** What an organisation says of telling, one piece of it. */
export interface StoredPolicy<Kind extends PolicyKind = PolicyKind> {
  readonly kind: Kind;
  readonly id: string;
  /** Grows with each change. */
  readonly version: number;
  readonly definition: PolicyDefinitions[Kind];
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One change of a policy: null before it was made, and after it was deleted. */
export interface PolicyChange<Kind extends PolicyKind = PolicyKind> {
  readonly version: number;
  readonly at: number;
  readonly actor: Actor;
  readonly before: PolicyDefinitions[Kind] | null;
  readonly after: PolicyDefinitions[Kind] | null;
}

/**
 * The routes, silences, mute windows and inhibitions of an organisation, each with its history. Writes that may lose against another
 * process answer false, and then nothing of them is written.
 */
export interface AlertPoliciesStore {
  get<Kind extends PolicyKind>(kind: Kind, id: string): Promise<StoredPolicy<Kind> | null>;
  /** By id, so oldest first. */
  list<Kind extends PolicyKind>(kind: Kind, page: PageQuery): Promise<Page<StoredPolicy<Kind>>>;
  /** Silences in a state, by id. */
  silences(state: SilenceState, page: PageQuery, now: number): Promise<Page<StoredPolicy<"silence">>>;
  /** False when there are as many as there may be, or one of that id. */
  insert(policy: StoredPolicy, actor: Actor): Promise<boolean>;
  /** Writes a policy over its version before (`policy.version - 1`). */
  replace(policy: StoredPolicy, actor: Actor): Promise<boolean>;
  remove(policy: Pick<StoredPolicy, "kind" | "id" | "version">, actor: Actor, at: number): Promise<boolean>;
  /** Oldest first, also of one that was deleted; empty where there never was one. */
  history<Kind extends PolicyKind>(kind: Kind, id: string, page: PageQuery): Promise<Page<PolicyChange<Kind>>>;
  /** All that decides at a time or may later, ready to be asked. */
  inForce(now: number): Promise<Policies>;
}

/** Across organisations: for ticks. */
export interface SuppressionDue {
  /** Organisations, after an id, in which something may hide alerts, or some are hidden. */
  orgs(after: string, now: number, limit: number): Promise<readonly OrgId[]>;
}
