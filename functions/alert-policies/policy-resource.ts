import type * as v from "valibot";
import type { IdPrefix } from "../../shared/contract/ids.ts";
import type { PolicyDefinitions, PolicyKind } from "../../shared/core/alert/compile-policies.ts";
import type { StoredPolicy } from "../../shared/ports/alert-policies.ts";

/** What tells the resources apart that are made, listed, replaced and deleted in the same way. */
export interface PolicyResource<Kind extends PolicyKind> {
  readonly kind: Kind;
  readonly path: string;
  readonly prefix: IdPrefix;
  /** Its name in summaries: `a mute window`, `mute windows`. */
  readonly one: string;
  readonly many: string;
  readonly id: v.GenericSchema;
  readonly definition: v.GenericSchema<unknown, PolicyDefinitions[Kind]>;
  readonly replacement: v.GenericSchema<unknown, PolicyDefinitions[Kind] & { readonly id: string }>;
  readonly entry: v.GenericSchema;
  readonly change: v.GenericSchema;
  /** As the API shows it. */
  answer(policy: StoredPolicy<Kind>): unknown;
}
