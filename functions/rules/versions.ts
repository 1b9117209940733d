import * as v from "valibot";
import { Actor } from "../../shared/contract/actor.ts";
import { RuleAnswer } from "../../shared/contract/rule.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { RuleId } from "../../shared/contract/ids.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { IsoTime, isoTime } from "../../shared/contract/time.ts";
import { route } from "../../shared/runtime/route.ts";
import { ruleAnswer } from "./rule-answer.ts";

const RuleVersion = v.strictObject({
  version: v.number(),
  at: IsoTime,
  /** null where nobody knows any more. */
  actor: v.nullable(Actor),
  /** null where it was deleted. */
  definition: v.nullable(RuleAnswer),
});

export const listRuleVersions = route({
  method: "GET",
  path: "/api/v1/rules/{id}/versions",
  summary: "List what an alert rule was, newest version first: the newest 100, also once it is deleted",
  scope: "read",
  input: v.strictObject({ id: RuleId, ...pageQuery }),
  output: page(RuleVersion),
  problems: ["not-found"],

  async handle({ id, ...query }, { org }, { store }) {
    const tenant = store.forOrg(org);
    const { items, nextCursor } = await tenant.history.list(id, query);
    if (items.length === 0 && (await tenant.rules.get(id)) === null) throw notFound();
    return {
      items: items.map(({ version, at, actor, definition }) => ({
        version,
        at: isoTime(at),
        actor,
        definition: definition === null ? null : ruleAnswer({ ...(definition as Rule), id, version, updatedAt: at }),
      })),
      nextCursor,
    };
  },
});
