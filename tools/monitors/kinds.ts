import type * as v from "valibot";
import { InhibitionDefinition, MuteWindowDefinition, RoutesDefinition } from "../../shared/contract/alert-policy.ts";
import { ChannelDefinition } from "../../shared/contract/channel.ts";
import { RuleDefinition } from "../../shared/contract/rule.ts";
import { hashId } from "../../shared/core/hash-id.ts";

/** Members by name, JSON-safe. */
export type Members = Readonly<Record<string, unknown>>;

/** What tells the kinds of monitors apart. */
interface Resource {
  /** Its section of a file. */
  readonly section: string;
  /** In sentences. */
  readonly one: string;
  readonly path: string;
  readonly definition: v.GenericSchema<unknown, unknown>;
}

/** In the order in which they are made: what is referred to first, and whom to tell of what before anything can fire. */
export const KINDS = ["channel", "routes", "muteWindow", "inhibition", "rule"] as const;
export type Kind = (typeof KINDS)[number];

export const RESOURCES: Readonly<Record<Kind, Resource>> = {
  channel: { section: "channels", one: "channel", path: "/api/v1/channels", definition: ChannelDefinition },
  routes: { section: "routes", one: "tree of routes", path: "/api/v1/routes", definition: RoutesDefinition },
  muteWindow: { section: "muteWindows", one: "mute window", path: "/api/v1/mute-windows", definition: MuteWindowDefinition },
  inhibition: { section: "inhibitions", one: "inhibition", path: "/api/v1/inhibitions", definition: InhibitionDefinition },
  rule: { section: "rules", one: "rule", path: "/api/v1/rules", definition: RuleDefinition },
};

/** What a kind refers to by id. */
const REFERRED = { channel: "channel", routes: "channel", rule: "rule" } as const satisfies Partial<Record<Kind, Kind>>;
type Referred = (typeof REFERRED)[keyof typeof REFERRED];

/** Stands for the id of what has a name: it is an id to every contract, and the same whether there is such a thing yet or not. */
export const placeholderOf = (kind: Referred, name: string): string =>
  hashId<string>(kind === "rule" ? "rul" : "chn", ["monitor", kind, name]);

/** A reference to another monitor, and where it stands. */
export interface Reference {
  readonly kind: Referred;
  readonly value: string;
  readonly path: readonly (string | number)[];
}

/** Replaces what a definition refers to. It may be any JSON: what is not where a reference would be stays as it is. */
export function withReferences(kind: Kind, definition: Members, replace: (reference: Reference) => string): Members {
  const each = (value: unknown, path: readonly (string | number)[], referred: Referred): unknown =>
    Array.isArray(value)
      ? value.map((one: unknown, n) => (typeof one === "string" ? replace({ kind: referred, value: one, path: [...path, n] }) : one))
      : value;
  if (kind === "channel") {
    const { fallback } = definition;
    return typeof fallback === "string"
      ? { ...definition, fallback: replace({ kind: REFERRED.channel, value: fallback, path: ["fallback"] }) }
      : definition;
  }
  if (kind === "rule") {
    const { condition } = definition;
    if (definition["kind"] !== "composite" || !isMembers(condition)) return definition;
    const referring = Object.entries(condition).map(([operator, rules]) => [operator, each(rules, ["condition", operator], REFERRED.rule)]);
    return { ...definition, condition: Object.fromEntries(referring) as Members };
  }
  return kind === "routes" ? branch(definition, []) : definition;

  function branch(node: Members, path: readonly (string | number)[]): Members {
    const { channels, routes } = node;
    return {
      ...node,
      ...(channels === undefined ? {} : { channels: each(channels, [...path, "channels"], REFERRED.routes) }),
      ...(Array.isArray(routes)
        ? { routes: routes.map((child: unknown, n) => (isMembers(child) ? branch(child, [...path, "routes", n]) : child)) }
        : {}),
    };
  }
}

/** All that a definition refers to. */
export function referencesOf(kind: Kind, definition: Members): readonly Reference[] {
  const found: Reference[] = [];
  withReferences(kind, definition, (reference) => {
    found.push(reference);
    return reference.value;
  });
  return found;
}

export const isMembers = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

/** A path as the API writes it: `condition.all[0]`. */
export const pathText = (path: readonly (string | number)[]): string =>
  path.reduce<string>((text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`), "");

/** The other way round. */
export const pathKeys = (text: string): readonly (string | number)[] =>
  [...text.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([key, index]) => (index === undefined ? key : Number(index)));
