import type { RoutesDefinition } from "../../contract/alert-policy.ts";
import type { ChannelId } from "../../contract/ids.ts";
import type { Matcher } from "../../contract/series.ts";
import { canonicalJson } from "../hash-id.ts";
import type { Result } from "../result.ts";
import { labelMatchers } from "./label-matchers.ts";
import { DEFAULT_ROUTE } from "./policies.ts";
import type { Labels, Route, RouteTree } from "./policies.ts";

/** What is wrong with a definition, and where in it. */
export interface Flaw {
  readonly path: string;
  readonly message: string;
}

/** A route as it is written, at any level. */
export interface RouteNode extends Omit<RoutesDefinition, "routes"> {
  readonly matchers?: readonly Matcher[];
  readonly continue?: boolean;
  readonly routes: readonly unknown[];
}

interface Branch {
  readonly route: Route;
  readonly matches: (labels: Labels) => boolean;
  readonly continue: boolean;
  readonly branches: readonly Branch[];
}

/** The routes right below one. */
const below = ({ routes }: Pick<RouteNode, "routes">): readonly RouteNode[] => routes as readonly RouteNode[];

/**
 * Compiles a tree of routes. An alert goes down to the deepest routes that match: of those below one the first that matches takes it, and
 * `continue` looks on among the later ones; what none of them takes stays with the route itself, so the root has what is left.
 *
 * @returns The tree, each route with what it inherits; or the pattern that RE2 refuses.
 * @see Prometheus Alertmanager, dispatch: Route.Match.
 */
export function compileRoutes(root: RoutesDefinition): Result<RouteTree, Flaw> {
  const byKey = new Map<string, Route>();
  const compiled = branch(root, { ...DEFAULT_ROUTE }, () => true, "", byKey);
  if (!compiled.ok) return compiled;
  return { ok: true, value: { find: (labels) => find(compiled.value, labels), get: (key) => byKey.get(key) ?? null } };
}

/** The channels that a tree names, each with where it does. */
export function namedChannels(node: RouteNode, path = ""): readonly { readonly channel: ChannelId; readonly path: string }[] {
  const own = (node.channels ?? []).map((channel, n) => ({ channel, path: `${path}channels[${n}]` }));
  return [...own, ...below(node).flatMap((child, n) => namedChannels(child, `${path}routes[${n}].`))];
}

function find(at: Branch, labels: Labels): readonly Route[] {
  const found: Route[] = [];
  for (const child of at.branches) {
    if (!child.matches(labels)) continue;
    found.push(...find(child, labels));
    if (!child.continue) break;
  }
  return found.length > 0 ? found : [at.route];
}

/** @param inherited - The route above, with the key that this one is to have. */
function branch(
  node: RouteNode,
  inherited: Route,
  matches: Branch["matches"],
  path: string,
  byKey: Map<string, Route>,
): Result<Branch, Flaw> {
  const route: Route = {
    key: inherited.key,
    groupBy: node.groupBy ?? inherited.groupBy,
    timers: {
      groupWait: node.groupWait ?? inherited.timers.groupWait,
      groupWaitCritical: node.groupWaitCritical ?? inherited.timers.groupWaitCritical,
      groupInterval: node.groupInterval ?? inherited.timers.groupInterval,
      resolveAtOnce: node.resolveAtOnce ?? inherited.timers.resolveAtOnce,
    },
    repeatInterval: node.repeatInterval ?? inherited.repeatInterval,
    channels: node.channels ?? inherited.channels,
    sendResolved: node.sendResolved ?? inherited.sendResolved,
  };
  byKey.set(route.key, route);
  const branches: Branch[] = [];
  for (const [n, child] of below(node).entries()) {
    const at = `${path}routes[${n}].`;
    const compiled = labelMatchers(child.matchers ?? []);
    if (!compiled.ok)
      return { ok: false, error: { path: `${at}matchers[${compiled.error.index}].value`, message: compiled.error.message } };
    const key = unusedKey(`${route.key}/${matchersText(child.matchers ?? [])}`, byKey);
    const built = branch(child, { ...route, key }, compiled.value, at, byKey);
    if (!built.ok) return built;
    branches.push(built.value);
  }
  return { ok: true, value: { route, matches, continue: node.continue ?? false, branches } };
}

/** One text for matchers that say the same. */
const matchersText = (matchers: readonly Matcher[]): string => canonicalJson([...new Set(matchers.map(canonicalJson))].toSorted());

/** Routes side by side with the same matchers are told apart by their order. */
function unusedKey(key: string, taken: ReadonlyMap<string, Route>): string {
  let unused = key;
  for (let n = 2; taken.has(unused); n += 1) unused = `${key}#${n}`;
  return unused;
}
