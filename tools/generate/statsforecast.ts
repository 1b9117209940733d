import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { StatsForecastAnswer, StatsForecastProblem, StatsForecastRequest } from "../../shared/contract/statsforecast.ts";

/** The JSON Schema of services/statsforecast: its tests hold every exchange against it. */
export function statsForecastSchema(): object {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "POST /v1/forecast of services/statsforecast",
    $defs: {
      Request: definition(StatsForecastRequest, "input"),
      Answer: definition(StatsForecastAnswer, "output"),
      Problem: definition(StatsForecastProblem, "output"),
    },
  };
}

function definition(schema: v.GenericSchema, typeMode: "input" | "output"): object {
  const { $schema: _, ...rest } = toJsonSchema(schema, { target: "draft-2020-12", errorMode: "ignore", typeMode });
  return rest;
}
