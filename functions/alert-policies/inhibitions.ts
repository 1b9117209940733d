import { Inhibition, InhibitionChange, InhibitionDefinition, InhibitionReplacement } from "../../shared/contract/alert-policy.ts";
import { InhibitionId } from "../../shared/contract/ids.ts";
import { isoTime } from "../../shared/contract/time.ts";
import type { PolicyResource } from "./policy-resource.ts";

export const inhibitions: PolicyResource<"inhibition"> = {
  kind: "inhibition",
  path: "/api/v1/inhibitions",
  prefix: "inh",
  one: "an inhibition",
  many: "inhibitions",
  id: InhibitionId,
  definition: InhibitionDefinition,
  replacement: InhibitionReplacement,
  entry: Inhibition,
  change: InhibitionChange,
  answer: ({ id, version, definition, createdAt, updatedAt }) => {
    return { id, version, ...definition, createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) };
  },
};
