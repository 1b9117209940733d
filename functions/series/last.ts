import { isoTime } from "../../shared/contract/time.ts";
import { page } from "../../shared/contract/page.ts";
import { LastPoint } from "../../shared/contract/series.ts";
import { route } from "../../shared/runtime/route.ts";
import { ListSeriesQuery } from "./contract.ts";

export const listLastPoints = route({
  method: "GET",
  path: "/api/v1/series/last",
  summary: "The newest point of many series at once, by metric and matchers; series without points are left out",
  scope: "read",
  input: ListSeriesQuery,
  output: page(LastPoint),
  etag: true,
  problems: [],

  async handle({ metricKey, match = [], limit, cursor }, { org }, { store }) {
    const { series, points } = store.forOrg(org);
    const { items, nextCursor } = await series.list({ metricKey, matchers: match }, { limit, cursor });
    const last = await points.last(items.map(({ id }) => id));
    const found = items.flatMap((one) => {
      const newest = last.get(one.id);
      return newest === undefined ? [] : [{ series: one, timestamp: isoTime(newest.timestamp), value: newest.value }];
    });
    return { items: found, nextCursor };
  },
});
