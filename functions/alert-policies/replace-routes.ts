import { Routes, RoutesDefinition } from "../../shared/contract/alert-policy.ts";
import { invalid } from "../../shared/contract/problem.ts";
import { namedChannels } from "../../shared/core/alert/routes.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { untilWon } from "../../shared/core/until-won.ts";
import { MAX_CHANNELS } from "../../shared/ports/alerting.ts";
import type { StoredPolicy } from "../../shared/ports/alert-policies.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { route } from "../../shared/runtime/route.ts";
import { requireSound } from "./change-policy.ts";
import { routesAnswer, routesId } from "./routes-answer.ts";

export const replaceRoutes = route({
  method: "PUT",
  path: "/api/v1/routes",
  summary: "Replace the tree of routes: whom to tell of which alerts, together with which others, how soon and how often",
  scope: "admin",
  input: RoutesDefinition,
  output: Routes,
  readOnly: ["version", "updatedAt"],
  etag: true,
  problems: ["precondition-failed", "conflict"],

  async handle(definition, { org, actor, requireMatch }, { store, clock, alarm }) {
    const tenant = store.forOrg(org);
    requireSound("routes", definition);
    await requireChannels(definition, tenant);
    return untilWon("The routes are", async () => {
      const before = await tenant.alertPolicies.get("routes", routesId(org));
      requireMatch(routesAnswer(before));
      if (before !== null && canonicalJson(before.definition) === canonicalJson(definition)) return routesAnswer(before);

      const now = clock.now();
      const [version, createdAt] = before === null ? [1, now] : [before.version + 1, before.createdAt];
      const after: StoredPolicy<"routes"> = { kind: "routes", id: routesId(org), version, definition, createdAt, updatedAt: now };
      const { insert, replace } = tenant.alertPolicies;
      if (!(await (before === null ? insert(after, actor) : replace(after, actor)))) return null;
      // Their alerts move to where they belong now.
      await tenant.groups.wakeAll(now);
      await alarm.wakeAt(now);
      return routesAnswer(after);
    });
  },
});

async function requireChannels(definition: RoutesDefinition, { channels }: Pick<OrgStore, "channels">): Promise<void> {
  const { items } = await channels.list({ limit: MAX_CHANNELS });
  const known = new Set(items.map(({ id }) => id));
  const unknown = namedChannels(definition).filter(({ channel }) => !known.has(channel));
  if (unknown.length > 0) throw invalid(unknown.map(({ path }) => ({ path, message: "There is no such channel" })));
}
