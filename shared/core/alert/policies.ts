import type { ChannelId, GroupId, OrgId } from "../../contract/ids.ts";
import type { Severity } from "../../contract/rule.ts";
import type { AlertRecord, Subject } from "./alert-record.ts";
import { DEFAULT_TIMERS } from "./group.ts";
import type { Timers } from "./group.ts";
import { groupId, ROOT_ROUTE } from "./keys.ts";

/** What matchers look at; a label that is not there equals the empty string. */
export type Labels = Readonly<Record<string, string>>;

/** What of an alert its labels are made of. */
export type Labelled = Pick<AlertRecord, "id" | "rule" | "ruleName" | "labels"> & {
  readonly series: Pick<Subject, "metricKey" | "dimensions"> | null;
  readonly severity: Severity;
};

/** A route with everything that it has from those above it. */
export interface Route {
  /** The same as long as its matchers, and those above it, are: part of the key of its groups. */
  readonly key: string;
  readonly groupBy: readonly string[];
  readonly timers: Timers;
  /** ms; null where each rule has its own. */
  readonly repeatInterval: number | null;
  /** null for every enabled channel. */
  readonly channels: readonly ChannelId[] | null;
  /** Whether channels that people read are told of an end. */
  readonly sendResolved: boolean;
}

/** The routes of an organisation. */
export interface RouteTree {
  /** Those that take an alert, in their order; never none. */
  find(labels: Labels): readonly Route[];
  /** null where there is none of that key any more. */
  get(key: string): Route | null;
}

/** Hides what matches; times in Unix ms, the end exclusive. */
export interface SilenceInForce {
  readonly id: string;
  readonly matches: (labels: Labels) => boolean;
  readonly startsAt: number;
  readonly endsAt: number;
}

/** Hides what matches in its windows. */
export interface MuteWindowInForce {
  readonly id: string;
  readonly matches: (labels: Labels) => boolean;
  /** Unix ms at which the window that holds at a time ends; null where none holds. */
  readonly until: (now: number) => number | null;
}

/** Hides targets while a source fires that has the same values of `equal`. */
export interface InhibitionInForce {
  readonly id: string;
  readonly isSource: (labels: Labels) => boolean;
  readonly isTarget: (labels: Labels) => boolean;
  readonly equal: readonly string[];
}

/** What an organisation says of telling. */
export interface Policies {
  readonly routes: RouteTree;
  readonly silences: readonly SilenceInForce[];
  readonly muteWindows: readonly MuteWindowInForce[];
  readonly inhibitions: readonly InhibitionInForce[];
}

/** Until routes are configured: each rule by itself, to every enabled channel. */
export const DEFAULT_ROUTE: Route = {
  key: ROOT_ROUTE,
  groupBy: ["ruleId"],
  timers: DEFAULT_TIMERS,
  repeatInterval: null,
  channels: null,
  sendResolved: true,
};

/** What holds where nobody has said anything. */
export const NO_POLICIES: Policies = {
  routes: { find: () => [DEFAULT_ROUTE], get: (key) => (key === ROOT_ROUTE ? DEFAULT_ROUTE : null) },
  silences: [],
  muteWindows: [],
  inhibitions: [],
};

/** Whether anything can be hidden at all. */
export const suppresses = ({ silences, muteWindows, inhibitions }: Policies): boolean =>
  silences.length + muteWindows.length + inhibitions.length > 0;

/**
 * What an alert is matched by: its series' dimensions, its rule's labels, and `rule` (the name), `ruleId`, `severity` and `metric`.
 * Of one name a label of the rule counts more than a dimension, as in Prometheus, and ours count most: nobody can pass for another rule.
 */
export const alertLabels = ({ rule, ruleName, series, severity, labels }: Labelled): Labels => ({
  ...series?.dimensions,
  ...labels,
  rule: ruleName,
  ruleId: rule,
  severity,
  metric: series?.metricKey ?? "",
});

/** An alert as it is stored, as what its labels are made of. */
export const labelledOf = ({ episode: { severity }, ...alert }: AlertRecord): Labelled => ({ ...alert, severity });

/** The value of a label: own members alone, and the empty text where there is none. */
export const labelOf = (labels: Labels, name: string): string => (Object.hasOwn(labels, name) ? labels[name]! : "");

/** The group of a route that an alert belongs in, with the labels that its members share. */
export function groupOf(org: OrgId, { key, groupBy }: Route, labels: Labels): { readonly id: GroupId; readonly labels: Labels } {
  const values = groupBy.map((name) => [name, labelOf(labels, name)] as const).filter(([, value]) => value !== "");
  const shared = Object.fromEntries(values);
  return { id: groupId(org, key, shared), labels: shared };
}

/** Whether a route tells a channel. */
export const tells = ({ channels }: Route, channel: ChannelId): boolean => channels === null || channels.includes(channel);
