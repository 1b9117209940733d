import { ChangeEvent } from "../../shared/contract/change-event.ts";
import { page } from "../../shared/contract/page.ts";
import { invalid } from "../../shared/contract/problem.ts";
import { compileMatchers } from "../../shared/core/series/matchers.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeAnswer } from "./change-answer.ts";
import { ListChangeEvents } from "./contract.ts";

export const listChangeEvents = route({
  method: "GET",
  path: "/api/v1/change-events",
  summary: "List change events, newest first",
  scope: "read",
  input: ListChangeEvents,
  output: page(ChangeEvent),
  problems: [],

  async handle({ limit, cursor, kind, from, to, match = [] }, { org }, { store }) {
    const compiled = compileMatchers(match);
    if (!compiled.ok) throw invalid([{ path: `match[${compiled.error.index}]`, message: compiled.error.message }]);
    const matches = match.length === 0 ? undefined : compiled.value;
    const { items, nextCursor } = await store.forOrg(org).changeEvents.list({ kind, from, to, matches }, { limit, cursor });
    return { items: items.map(changeAnswer), nextCursor };
  },
});
