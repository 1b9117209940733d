import * as v from "valibot";
import { Actor } from "./actor.ts";
import { ChannelId, InhibitionId, MuteWindowId, SilenceId } from "./ids.ts";
import { name } from "./name.ts";
import { DIMENSION_NAME, Matcher } from "./series.ts";
import { atLeast, atMost, Duration, IsoTime, Time, TimeZone } from "./time.ts";

/** Levels of a tree of routes, the root included. */
export const MAX_ROUTE_LEVELS = 5;
/** Routes of a tree, the root included. */
export const MAX_ROUTES = 200;

const MOST_MATCHERS = 32;
const Matchers = v.pipe(v.array(Matcher), v.maxLength(MOST_MATCHERS));
const SomeMatchers = v.pipe(
  v.array(Matcher),
  v.minLength(1, "Expected at least one matcher: without one it would hold every alert"),
  v.maxLength(MOST_MATCHERS),
);
const LabelName = v.pipe(v.string(), v.regex(DIMENSION_NAME, "Expected a letter or _, then up to 99 letters, digits and _ . -"));
const LabelNames = v.pipe(v.array(LabelName), v.maxLength(32));

const DAY_MS = 86_400_000;

/** What a route may say; what it leaves out it has from the route above it. */
const says = <const Wait extends v.GenericSchema, const Interval extends v.GenericSchema, const Repeat extends v.GenericSchema>(
  wait: Wait,
  interval: Interval,
  repeat: Repeat,
) => ({
  name: v.optional(name(100)),
  /** Alerts that share the values of these labels are told together. */
  groupBy: v.optional(LabelNames),
  groupWait: v.optional(wait),
  /** The same, once one of the alerts is critical. */
  groupWaitCritical: v.optional(wait),
  groupInterval: v.optional(interval),
  /** Left out at the root, each rule has its own. */
  repeatInterval: v.optional(repeat),
  resolveAtOnce: v.optional(v.boolean()),
  /** Whether channels that people read are told of an end; those that keep a state always are. */
  sendResolved: v.optional(v.boolean()),
  /** Left out at the root, every enabled channel. None at all: nobody is told. */
  channels: v.optional(v.pipe(v.array(ChannelId), v.maxLength(100))),
});

const taking = { matchers: v.optional(Matchers, []), continue: v.optional(v.boolean(), false) };
const below = <const Child extends v.GenericSchema>(child: Child) => ({
  routes: v.optional(v.pipe(v.array(child), v.maxLength(MAX_ROUTES, `A tree has at most ${MAX_ROUTES} routes`)), []),
});
const nothingBelow = {
  routes: v.optional(v.pipe(v.array(v.unknown()), v.maxLength(0, `A tree of routes has at most ${MAX_ROUTE_LEVELS} levels`)), []),
};

const said = says(
  v.pipe(Duration, atMost(DAY_MS)),
  v.pipe(Duration, atLeast(1_000), atMost(7 * DAY_MS)),
  v.pipe(Duration, atLeast(60_000)),
);
const level5 = v.strictObject({ ...said, ...taking, ...nothingBelow });
const level4 = v.strictObject({ ...said, ...taking, ...below(level5) });
const level3 = v.strictObject({ ...said, ...taking, ...below(level4) });
const level2 = v.strictObject({ ...said, ...taking, ...below(level3) });

const written = says(v.string(), v.string(), v.string());
const written5 = v.strictObject({ ...written, ...taking, ...nothingBelow });
const written4 = v.strictObject({ ...written, ...taking, ...below(written5) });
const written3 = v.strictObject({ ...written, ...taking, ...below(written4) });
const written2 = v.strictObject({ ...written, ...taking, ...below(written3) });

interface Counted {
  readonly routes?: readonly unknown[];
}
const countOf = ({ routes = [] }: Counted): number => 1 + (routes as readonly Counted[]).reduce((sum, route) => sum + countOf(route), 0);
/** Of which the list says so itself. */
const hasLongList = ({ routes = [] }: Counted): boolean => routes.length > MAX_ROUTES || (routes as readonly Counted[]).some(hasLongList);

/** Whom to tell of which alerts: the root takes all; of the routes below one the first that matches takes an alert, and `continue` looks further. */
export const RoutesDefinition = v.pipe(
  v.strictObject({ ...said, ...below(level2) }),
  v.forward(
    v.check((root) => hasLongList(root) || countOf(root) <= MAX_ROUTES, `A tree has at most ${MAX_ROUTES} routes`),
    ["routes"],
  ),
);
export type RoutesDefinition = v.InferOutput<typeof RoutesDefinition>;

const WrittenRoutes = v.strictObject({ ...written, ...below(written2) });
export type WrittenRoutes = v.InferOutput<typeof WrittenRoutes>;

/** The tree as the API answers it. Version 0: nobody has written one, and the default holds. */
export const Routes = v.strictObject({ ...WrittenRoutes.entries, version: v.number(), updatedAt: v.nullable(IsoTime) });
export type Routes = v.InferOutput<typeof Routes>;

const silence = { matchers: SomeMatchers, author: name(100), reason: name(1_000) };
const silenceTimes = { startsAt: v.optional(Time), endsAt: Time };
/** How far ahead of now a silence may end: what is to last longer is a mute window, or a route that tells nobody. */
export const LONGEST_SILENCE_MS = 366 * DAY_MS;
/** Hides the alerts that match from a time to another; `startsAt` is now where it is left out. */
export const SilenceRequest = v.strictObject({ ...silence, ...silenceTimes });
export type SilenceRequest = v.InferOutput<typeof SilenceRequest>;
export const SilenceReplacement = v.strictObject({ id: SilenceId, ...silence, ...silenceTimes });
/** The same as it is stored, times in Unix ms. */
export type SilenceDefinition = Omit<SilenceRequest, "startsAt"> & { readonly startsAt: number };

export const SilenceState = v.picklist(["pending", "active", "expired"]);
export type SilenceState = v.InferOutput<typeof SilenceState>;
const WrittenSilence = v.strictObject({ ...silence, startsAt: IsoTime, endsAt: IsoTime });
export type WrittenSilence = v.InferOutput<typeof WrittenSilence>;

const stored = { version: v.number(), createdAt: IsoTime, updatedAt: IsoTime };
export const Silence = v.strictObject({ id: SilenceId, ...WrittenSilence.entries, state: SilenceState, ...stored });
export type Silence = v.InferOutput<typeof Silence>;

/** From Monday on. */
export const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const Weekday = v.picklist(WEEKDAYS);
export type Weekday = v.InferOutput<typeof Weekday>;

const muteWindow = {
  name: name(200),
  timezone: TimeZone,
  /** Those on which it starts; left out, all. */
  weekdays: v.optional(v.pipe(v.array(Weekday), v.minLength(1), v.maxLength(7)), [...WEEKDAYS]),
  start: v.pipe(v.string(), v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, "Expected a time of day such as 22:00")),
  /** Earlier than the start: on the next day. */
  end: v.pipe(v.string(), v.regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, "Expected a time of day such as 06:00, or 24:00")),
  /** None: every alert. */
  matchers: v.optional(Matchers, []),
  enabled: v.optional(v.boolean(), true),
};
const EMPTY_WINDOW = "Expected another time than the start: a whole day is 00:00 to 24:00";
const hasLength = ({ start, end }: { readonly start: string; readonly end: string }) => start !== end;
/** Hides the alerts that match at the same time of each of its days, by the clock of a zone: start inclusive, end exclusive. */
export const MuteWindowDefinition = v.pipe(
  v.strictObject(muteWindow),
  v.forward(
    v.check((window) => hasLength(window), EMPTY_WINDOW),
    ["end"],
  ),
);
export type MuteWindowDefinition = v.InferOutput<typeof MuteWindowDefinition>;
export const MuteWindowReplacement = v.pipe(
  v.strictObject({ id: MuteWindowId, ...muteWindow }),
  v.forward(
    v.check((window) => hasLength(window), EMPTY_WINDOW),
    ["end"],
  ),
);
export const MuteWindow = v.strictObject({ id: MuteWindowId, ...muteWindow, ...stored });
export type MuteWindow = v.InferOutput<typeof MuteWindow>;

const inhibition = {
  name: name(200),
  /** While an alert that matches these fires, ... */
  source: SomeMatchers,
  /** ... those that match these are hidden, ... */
  target: SomeMatchers,
  /** ... where both have the same values of these labels. */
  equal: v.optional(LabelNames, []),
  enabled: v.optional(v.boolean(), true),
};
/** Hides alerts while another one fires that says it all. */
export const InhibitionDefinition = v.strictObject(inhibition);
export type InhibitionDefinition = v.InferOutput<typeof InhibitionDefinition>;
export const InhibitionReplacement = v.strictObject({ id: InhibitionId, ...inhibition });
export const Inhibition = v.strictObject({ id: InhibitionId, ...inhibition, ...stored });
export type Inhibition = v.InferOutput<typeof Inhibition>;

/** One change: who, when, and what it was; null before it was made, and after it was deleted. */
const change = <const Written extends v.GenericSchema>(written: Written) =>
  v.strictObject({ version: v.number(), at: IsoTime, actor: Actor, before: v.nullable(written), after: v.nullable(written) });
export const RoutesChange = change(WrittenRoutes);
export const SilenceChange = change(WrittenSilence);
export const MuteWindowChange = change(v.strictObject(muteWindow));
export const InhibitionChange = change(v.strictObject(inhibition));
