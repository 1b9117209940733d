import * as v from "valibot";
import { Actor } from "./actor.ts";
import { ChangeEventId } from "./ids.ts";
import { name } from "./name.ts";
import { Dimensions } from "./series.ts";
import { IsoTime, Time } from "./time.ts";

export const ChangeKind = v.picklist(["deployment", "flag", "configuration", "incident", "other"]);
export type ChangeKind = v.InferOutput<typeof ChangeKind>;

const LINK_MESSAGE = "Expected an http or https URL";

/** A change may last so long. */
export const LONGEST_CHANGE_MS = 7 * 86_400_000;

const definition = {
  kind: ChangeKind,
  /** Such as `api v1.2.3`. */
  title: name(200),
  /** What it was a change of: none for a change of everything. */
  dimensions: v.optional(Dimensions, {}),
  link: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(2_048), v.url(LINK_MESSAGE), v.regex(/^https?:\/\//, LINK_MESSAGE))), null),
  /** Who told of it, such as `github-actions`. */
  source: v.optional(v.nullable(name(100)), null),
};

/** A change as it is told of. */
export const ChangeEventDefinition = v.strictObject({
  ...definition,
  /** Now, if none is given. */
  at: v.optional(Time),
  /** Where it was not over at once. */
  endAt: v.optional(v.nullable(Time), null),
});
export type ChangeEventDefinition = v.InferOutput<typeof ChangeEventDefinition>;

/** Something that was changed in what is watched: a deployment, a flag, a configuration. */
export const ChangeEvent = v.strictObject({
  id: ChangeEventId,
  ...definition,
  at: IsoTime,
  endAt: v.nullable(IsoTime),
  createdBy: Actor,
  createdAt: IsoTime,
});
export type ChangeEvent = v.InferOutput<typeof ChangeEvent>;

/** A change as it is told beside an alert. */
export const NearbyChange = v.strictObject({
  id: ChangeEventId,
  kind: ChangeKind,
  title: v.string(),
  at: IsoTime,
  endAt: v.nullable(IsoTime),
  dimensions: v.record(v.string(), v.string()),
  link: v.nullable(v.string()),
});
export type NearbyChange = v.InferOutput<typeof NearbyChange>;
