import * as v from "valibot";
import { SeriesId } from "../../shared/contract/ids.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeSettings } from "./change-settings.ts";

export const deleteSeriesSettings = route({
  method: "DELETE",
  path: "/api/v1/series/{id}/settings",
  summary: "Take back all of a series' own detection settings",
  scope: "admin",
  input: v.strictObject({ id: SeriesId }),
  output: null,
  problems: ["not-found", "precondition-failed", "conflict"],

  async handle({ id }, context, { store, clock }) {
    await changeSettings(id, () => ({}), { tenant: store.forOrg(context.org), now: clock.now() }, context);
    return null;
  },
});
