import type { InhibitionDefinition, MuteWindowDefinition, RoutesDefinition, SilenceDefinition } from "../../contract/alert-policy.ts";
import type { Matcher } from "../../contract/series.ts";
import { hidingMatchers, labelMatchers } from "./label-matchers.ts";
import { mutedUntil } from "./mute-windows.ts";
import { NO_POLICIES } from "./policies.ts";
import type { Labels, Policies } from "./policies.ts";
import { compileRoutes } from "./routes.ts";
import type { Flaw } from "./routes.ts";

/** What each kind of policy says. */
export interface PolicyDefinitions {
  readonly routes: RoutesDefinition;
  readonly silence: SilenceDefinition;
  readonly "mute-window": MuteWindowDefinition;
  readonly inhibition: InhibitionDefinition;
}
export type PolicyKind = keyof PolicyDefinitions;

/** One policy, of any kind. */
export type AnyPolicy = {
  readonly [Kind in PolicyKind]: { readonly kind: Kind; readonly definition: PolicyDefinitions[Kind] };
}[PolicyKind];

/**
 * What is wrong with a policy that its contract cannot see: a pattern that RE2 refuses, matchers that hide everything. null where nothing
 * is.
 */
export function flawOf(policy: AnyPolicy): Flaw | null {
  if (policy.kind === "routes") {
    const compiled = compileRoutes(policy.definition);
    return compiled.ok ? null : compiled.error;
  }
  const lists: Readonly<Record<string, readonly Matcher[]>> =
    policy.kind === "inhibition"
      ? { source: policy.definition.source, target: policy.definition.target }
      : { matchers: policy.definition.matchers };
  for (const [name, matchers] of Object.entries(lists)) {
    const compiled = hidingMatchers(name, matchers);
    if (!compiled.ok) return compiled.error;
  }
  return null;
}

/** Makes what an organisation has said into what decides; it was found sound before it was stored. */
export function compilePolicies(stored: readonly (AnyPolicy & { readonly id: string })[]): Policies {
  const policies = { ...NO_POLICIES, silences: [...NO_POLICIES.silences], muteWindows: [...NO_POLICIES.muteWindows] };
  const inhibitions = [...NO_POLICIES.inhibitions];
  for (const { id, ...policy } of stored) {
    if (policy.kind === "routes") {
      const compiled = compileRoutes(policy.definition);
      if (compiled.ok) policies.routes = compiled.value;
    } else if (policy.kind === "silence") {
      const { matchers, startsAt, endsAt } = policy.definition;
      policies.silences.push({ id, matches: predicate(matchers), startsAt, endsAt });
    } else if (policy.definition.enabled) {
      if (policy.kind === "mute-window") {
        const { definition } = policy;
        policies.muteWindows.push({ id, matches: predicate(definition.matchers), until: (now) => mutedUntil(definition, now) });
      } else {
        const { source, target, equal } = policy.definition;
        inhibitions.push({ id, isSource: predicate(source), isTarget: predicate(target), equal });
      }
    }
  }
  return { ...policies, inhibitions };
}

function predicate(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const compiled = labelMatchers(matchers);
  return compiled.ok ? compiled.value : () => false;
}
