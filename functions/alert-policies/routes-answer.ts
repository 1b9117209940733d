import * as v from "valibot";
import { RoutesDefinition } from "../../shared/contract/alert-policy.ts";
import type { Routes, WrittenRoutes } from "../../shared/contract/alert-policy.ts";
import type { OrgId } from "../../shared/contract/ids.ts";
import { formatDuration, isoTime } from "../../shared/contract/time.ts";
import { DEFAULT_ROUTE } from "../../shared/core/alert/policies.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import type { RouteNode } from "../../shared/core/alert/routes.ts";
import type { StoredPolicy } from "../../shared/ports/alert-policies.ts";

/** Every organisation has one tree. */
export const routesId = (org: OrgId): string => hashId("rte", [org]);

/** What holds until somebody writes a tree. */
const { groupBy, timers } = DEFAULT_ROUTE;
const DEFAULT_ROUTES = v.parse(RoutesDefinition, { groupBy, ...timers });

const DURATIONS = ["groupWait", "groupWaitCritical", "groupInterval", "repeatInterval"] as const;

/** What a tree says, as the API shows it: durations as texts. */
export function writtenRoutes(root: RoutesDefinition): WrittenRoutes {
  return written(root) as unknown as WrittenRoutes;
}

function written(node: RouteNode): object {
  const durations = DURATIONS.flatMap((name) => (node[name] === undefined ? [] : [[name, formatDuration(node[name])] as const]));
  return { ...node, ...Object.fromEntries(durations), routes: (node.routes as readonly RouteNode[]).map(written) };
}

/** The tree as the API shows it; the default, version 0, where there is none. */
export function routesAnswer(policy: StoredPolicy<"routes"> | null): Routes {
  return {
    ...writtenRoutes(policy?.definition ?? DEFAULT_ROUTES),
    version: policy?.version ?? 0,
    updatedAt: policy === null ? null : isoTime(policy.updatedAt),
  };
}
