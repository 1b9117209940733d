import { changedMembers } from "../../shared/core/changed-members.ts";
import type { MemberChange } from "../../shared/core/changed-members.ts";
import { KINDS, placeholderOf, referencesOf, RESOURCES } from "./kinds.ts";
import type { Kind, Members } from "./kinds.ts";
import type { Wanted } from "./read.ts";

/** A monitor that the organisation has. */
export interface Present {
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
  /** As it is stored; references to what has a name as placeholders. */
  readonly definition: Members;
  /** As it was answered. */
  readonly answer: Members;
  /** An older one of its kind has the same name. */
  readonly isSecond: boolean;
}

export type Step =
  | { readonly act: "create"; readonly wanted: Wanted }
  | { readonly act: "change"; readonly wanted: Wanted; readonly present: Present; readonly changes: readonly MemberChange[] }
  | { readonly act: "delete"; readonly present: Present };

export interface Plan {
  /** In an order in which every reference holds. */
  readonly steps: readonly Step[];
  /** What is not in the directory, and stays. */
  readonly kept: readonly Present[];
}

export interface Known {
  readonly present: readonly Present[];
  /** Members of the configuration that would change, by the channel's id: they cannot be read. */
  readonly configChanges: ReadonlyMap<string, readonly string[]>;
  readonly prune: boolean;
}

/**
 * What brings an organisation to what a directory asks for.
 *
 * @throws Error with a line for each reference that leads nowhere or back to itself.
 */
export function planMonitors(wanted: readonly Wanted[], { present, configChanges, prune }: Known): Plan {
  const firsts = new Map(present.filter(({ isSecond }) => !isSecond).map((one) => [keyOf(one), one]));
  const asked = new Set(wanted.map(keyOf));
  const extra = present.filter((one) => one.isSecond || !asked.has(keyOf(one)));
  requireReferences(wanted, new Set([...asked, ...(prune ? [] : firsts.keys())]));

  const made = KINDS.flatMap((kind) => inOrder(wanted.filter((one) => one.kind === kind))).flatMap((one): Step[] => {
    const before = firsts.get(keyOf(one));
    if (before === undefined) return [{ act: "create", wanted: one }];
    const hidden = (configChanges.get(before.id) ?? []).map((path) => ({ path, before: undefined, after: undefined }));
    const changes = [...changedMembers(before.definition, one.definition), ...hidden];
    return changes.length === 0 ? [] : [{ act: "change", wanted: one, present: before, changes }];
  });
  if (!prune) return { steps: made, kept: extra };
  // Rules first, so that nothing of theirs is told because what hid it has gone; what refers to others before those.
  const deleted = KINDS.flatMap((kind) => inOrder(extra.filter((one) => one.kind === kind)))
    .toReversed()
    .map((one): Step => ({ act: "delete", present: one }));
  return { steps: [...made, ...deleted], kept: [] };
}

const keyOf = ({ kind, name }: Pick<Wanted, "kind" | "name">): string => `${kind} ${name}`;

function requireReferences(wanted: readonly Wanted[], known: ReadonlySet<string>): void {
  const flaws = wanted.flatMap((one) =>
    referencesOf(one.kind, one.body).flatMap(({ kind, value, path }) => {
      const name = one.names.get(value)!;
      if (known.has(keyOf({ kind, name }))) return [];
      return [one.complaint(path, `There is no ${RESOURCES[kind].one} ${JSON.stringify(name)}`)];
    }),
  );
  const circular = KINDS.flatMap((kind) => {
    const own = wanted.filter((one) => one.kind === kind);
    const ordered = new Set(inOrder(own));
    return own.filter((one) => !ordered.has(one)).map((one) => one.complaint([], "It refers to itself, over others or directly"));
  });
  if (flaws.length + circular.length > 0) throw new Error([...flaws, ...circular].join("\n"));
}

/** Monitors of one kind, each after those that it refers to; those that come back to themselves are left out. */
function inOrder<One extends Ordered>(monitors: readonly One[]): readonly One[] {
  const byPlace = new Map(monitors.map((one) => [placeOf(one), one]));
  const ordered = new Set<One>();
  const seen = new Set<One>();
  const visit = (one: One): boolean => {
    if (ordered.has(one)) return true;
    if (seen.has(one)) return false;
    seen.add(one);
    const before = referencesOf(one.kind, one.definition).flatMap(({ kind, value }) =>
      kind === one.kind ? (byPlace.get(value) ?? []) : [],
    );
    if (!before.every(visit)) return false;
    ordered.add(one);
    return true;
  };
  monitors.forEach(visit);
  return [...ordered];
}

type Ordered = Pick<Wanted, "kind" | "name" | "definition"> & Partial<Pick<Present, "id" | "isSecond">>;

/** What others refer to it by. */
const placeOf = ({ kind, name, id, isSecond = false }: Ordered): string =>
  isSecond || (kind !== "channel" && kind !== "rule") ? (id ?? name) : placeholderOf(kind, name);
