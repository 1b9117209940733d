import * as v from "valibot";
import { ForecastBackend } from "../../shared/contract/forecast.ts";
import { route } from "../../shared/runtime/route.ts";

export const listBackends = route({
  method: "GET",
  path: "/api/v1/forecast-backends",
  summary: "List what forecasts can be made by",
  scope: "read",
  input: v.strictObject({}),
  output: v.strictObject({ items: v.pipe(v.array(ForecastBackend), v.maxLength(100)), nextCursor: v.null() }),
  problems: [],

  handle: async (_input, _context, { forecasters }) => ({ items: [...forecasters.list()], nextCursor: null }),
});
