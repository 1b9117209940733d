import { toJsonSchema } from "@valibot/to-json-schema";
import type { ConversionConfig } from "@valibot/to-json-schema";
import type * as v from "valibot";
import * as alert from "../../shared/contract/alert.ts";
import * as anomaly from "../../shared/contract/anomaly.ts";
import * as channel from "../../shared/contract/channel.ts";
import * as deadLetter from "../../shared/contract/dead-letter.ts";
import * as detectionSettings from "../../shared/contract/detection-settings.ts";
import * as forecast from "../../shared/contract/forecast.ts";
import * as ingest from "../../shared/contract/ingest.ts";
import * as key from "../../shared/contract/key.ts";
import * as org from "../../shared/contract/org.ts";
import { ProblemBody, PROBLEMS } from "../../shared/contract/problem.ts";
import type { ProblemKind } from "../../shared/contract/problem.ts";
import * as rule from "../../shared/contract/rule.ts";
import * as series from "../../shared/contract/series.ts";
import type { Door, JsonRoute, Route } from "../../shared/runtime/route.ts";

type Json = Readonly<Record<string, unknown>>;

/** Answers that have a name of their own in the document. */
const NAMED: Readonly<Record<string, v.GenericSchema>> = {
  Alert: alert.Alert,
  Anomaly: anomaly.Anomaly,
  Detection: anomaly.Detection,
  DetectionSettings: detectionSettings.DetectionSettingsEntry,
  SeriesSettings: detectionSettings.SeriesSettings,
  Channel: channel.Channel,
  Delivery: channel.Delivery,
  InboxMessage: channel.InboxMessage,
  DeadLetter: deadLetter.DeadLetter,
  EventDeadLetter: deadLetter.EventDeadLetter,
  Forecast: forecast.Forecast,
  ForecastBackend: forecast.ForecastBackend,
  IngestAnswer: ingest.IngestAnswer,
  Key: key.Key,
  Org: org.Org,
  Points: series.Points,
  Rule: rule.RuleAnswer,
  Series: series.Series,
};

/** What every route may answer, beside its own problems. */
const ALWAYS: readonly ProblemKind[] = ["validation-failed", "internal", "unavailable"];
const WITH_KEY: readonly ProblemKind[] = ["unauthenticated", "forbidden", "rate-limited"];
const WITH_BODY: readonly ProblemKind[] = ["malformed-request", "too-large", "unsupported-media-type", "request-timeout"];
const WITH_IDEMPOTENCY: readonly ProblemKind[] = ["malformed-request", "in-flight", "idempotency-mismatch"];

/** The OpenAPI 3.1 document of all routes, from the schemas that parse and type them. */
export function openApiDocument(functions: readonly { readonly name: string; readonly routes: readonly Route[] }[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const { name, routes } of functions) {
    for (const route of routes) {
      paths[route.path] ??= {};
      paths[route.path]![route.method.toLowerCase()] = route.kind === "door" ? doorOperation(name, route) : operation(name, route);
    }
  }
  const schemas = Object.fromEntries(Object.entries(NAMED).map(([name, schema]) => [name, definition(schema)]));
  return {
    openapi: "3.1.0",
    info: {
      title: "IntentVision",
      version: "1",
      description:
        "Forecasting, anomaly detection and alerting for people who run systems. Times come in as ISO 8601 or Unix milliseconds; single times go out as ISO 8601, columns of times as milliseconds. Errors are RFC 9457 problems.",
    },
    servers: [{ url: "/" }],
    security: [{ apiKey: [] }, { bearer: [] }],
    tags: functions.map(({ name }) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
        bearer: { type: "http", scheme: "bearer" },
      },
      schemas: { ...schemas, Problem: definition(ProblemBody) },
    },
  };
}

/** Bodies and answers of a door are the protocol's own: only their media types and statuses are told. */
function doorOperation(tag: string, route: Door): Json {
  const content = Object.fromEntries(route.takes.map((type) => [type, { schema: { format: "binary" } }]));
  const kinds = [...ALWAYS, ...WITH_KEY, ...WITH_BODY, ...route.problems];
  return {
    tags: [tag],
    operationId: operationId(route),
    summary: route.summary,
    "x-scope": route.scope,
    parameters: [],
    ...(route.takes.length === 0 ? {} : { requestBody: { required: true, content } }),
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, description]) => [status, { description }])),
      ...refusals(kinds, {}),
    },
  };
}

/** An object's JSON Schema, or several alternatives, of which each is one. */
interface ObjectSchema extends Json {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly ObjectSchema[];
}

function operation(tag: string, route: JsonRoute): Json {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const input: ObjectSchema = jsonSchema(route.input, "input");
  // Alternatives have the parameters of the path in common.
  const { properties = {}, required = [] } = input.oneOf?.[0] ?? input;
  const hasBody = route.method === "POST" || route.method === "PUT" || route.method === "PATCH";
  const parameters = Object.entries(properties)
    .filter(([name]) => names.includes(name) || !hasBody)
    .map(([name, schema]) => {
      const place = names.includes(name) ? "path" : "query";
      return { name, in: place, required: place === "path" || required.includes(name), schema };
    });
  return {
    tags: [tag],
    operationId: operationId(route),
    summary: route.summary,
    ...(route.scope === "none" ? { security: [] } : { "x-scope": route.scope }),
    parameters: [...parameters, ...headers(route)],
    ...(hasBody ? requestBody(route, without(input, names)) : {}),
    responses: { ...success(route), ...problems(route, hasBody) },
  };
}

const MERGE_PATCH: Json = {
  type: "object",
  description: "A JSON merge patch (RFC 7396) of the members that PUT takes; null takes a member away, or puts its default back.",
};

/** None where a body has no members; required where the empty object would not do, and where it takes the place of all there is. */
function requestBody({ method }: JsonRoute, schema: ObjectSchema): Json {
  if (method === "PATCH") {
    const content = { schema: MERGE_PATCH };
    return { requestBody: { required: true, content: { "application/json": content, "application/merge-patch+json": content } } };
  }
  const bodies = schema.oneOf ?? [schema];
  if (bodies.every(({ properties = {} }) => Object.keys(properties).length === 0)) return {};
  const required = method === "PUT" || bodies.every((body) => (body.required ?? []).length > 0);
  return { requestBody: { required, content: { "application/json": { schema } } } };
}

function headers({ method, etag, idempotency, problems }: JsonRoute): Json[] {
  const header = (name: string, description: string) => ({ name, in: "header", required: false, description, schema: { type: "string" } });
  return [
    ...(idempotency === null ? [] : [header("Idempotency-Key", "The same key and body again get the first answer.")]),
    ...(etag && method === "GET" ? [header("If-None-Match", "304 while the ETag is the same.")] : []),
    ...(problems.includes("precondition-failed") ? [header("If-Match", "412 when the ETag is another by now.")] : []),
  ];
}

const SUCCESSES: Readonly<Record<number, string>> = { 201: "Created", 202: "Accepted: the answer says where it will be" };

function success(route: JsonRoute): Json {
  if (route.output === null && route.status === 204) return { 204: { description: "Done", ...answerHeaders(route, 204) } };
  const content = contentOf(route);
  const statuses = [route.status, ...Object.keys(route.otherStatuses).map(Number)];
  const answers = statuses.map((status) => [
    status,
    { description: SUCCESSES[status] ?? "Success", ...answerHeaders(route, status), ...content },
  ]);
  const unchanged = { 304: { description: "The ETag is still the one of If-None-Match", ...answerHeaders(route, 304) } };
  return { ...Object.fromEntries(answers), ...(route.etag && route.method === "GET" ? unchanged : {}) };
}

function contentOf({ output, bytes }: JsonRoute): Json {
  if (output !== null) return { content: { "application/json": { schema: jsonSchema(output, "output") } } };
  return bytes === undefined ? {} : { content: { [bytes]: {} } };
}

function answerHeaders({ location, etag, headers }: JsonRoute, status: number): Json {
  const header = (description: string) => ({ description, schema: { type: "string" } });
  const found = {
    ...(location !== undefined && (status === 201 || status === 202) ? { Location: header("The path of what was made") } : {}),
    ...(etag && status !== 204 ? { ETag: header("For If-Match and If-None-Match") } : {}),
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { schema: { type: "string", const: value } }])),
  };
  return Object.keys(found).length === 0 ? {} : { headers: found };
}

function problems({ scope, idempotency, problems: own }: JsonRoute, hasBody: boolean): Json {
  const kinds = [
    ...ALWAYS,
    ...(scope === "none" ? [] : WITH_KEY),
    ...(hasBody ? WITH_BODY : []),
    ...(idempotency === null ? [] : WITH_IDEMPOTENCY),
    ...own,
  ];
  return refusals(kinds, { content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } });
}

function refusals(kinds: readonly ProblemKind[], body: Json): Json {
  const statuses = new Map<number, ProblemKind[]>();
  for (const kind of new Set(kinds)) statuses.set(PROBLEMS[kind].status, [...(statuses.get(PROBLEMS[kind].status) ?? []), kind]);
  return Object.fromEntries(
    [...statuses].map(([status, of]) => [status, { description: of.map((kind) => PROBLEMS[kind].title).join("; "), ...body }]),
  );
}

/** `GET /api/v1/rules/{id}` is `getRulesId`; a door, whose path is its protocol's, keeps all of it. */
const operationId = ({ kind, method, path }: Route): string =>
  [method.toLowerCase(), ...path.split(/[^A-Za-z0-9]+/).filter((part) => part !== "" && (kind === "door" || !/^(api|v\d+)$/.test(part)))]
    .map((part, place) => (place === 0 ? part : part.charAt(0).toUpperCase() + part.slice(1)))
    .join("");

const config = (typeMode: "input" | "output"): ConversionConfig => ({
  target: "draft-2020-12",
  ignoreActions: ["brand"],
  errorMode: "ignore",
  typeMode,
});
const overrideRef = ({ referenceId }: { referenceId: string }) => `#/components/schemas/${referenceId}`;

function jsonSchema(schema: v.GenericSchema, typeMode: "input" | "output"): Json {
  const {
    $schema: _,
    $defs: __,
    ...rest
  } = toJsonSchema(schema, {
    ...config(typeMode),
    ...(typeMode === "output" ? { definitions: NAMED, overrideRef } : {}),
  });
  return rest;
}

/** The definition of a named answer, which may refer to the others but not to itself. */
function definition(schema: v.GenericSchema): Json {
  const definitions = Object.fromEntries(Object.entries(NAMED).filter(([, named]) => named !== schema));
  const { $schema: _, $defs: __, ...rest } = toJsonSchema(schema, { ...config("output"), definitions, overrideRef });
  return rest;
}

function without(schema: ObjectSchema, names: readonly string[]): ObjectSchema {
  if (names.length === 0) return schema;
  if (schema.oneOf !== undefined) return { ...schema, oneOf: schema.oneOf.map((one) => without(one, names)) };
  const { properties = {}, required = [], ...rest } = schema;
  return {
    ...rest,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))),
    required: required.filter((name) => !names.includes(name)),
  };
}
