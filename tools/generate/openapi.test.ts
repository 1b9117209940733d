import { describe, expect, test } from "@jest/globals";
import { loadFunctions } from "./functions.ts";
import { openApiDocument } from "./openapi.ts";

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: ObjectSchema & { readonly oneOf?: readonly ObjectSchema[] } }>>;
  };
  readonly responses: Readonly<Record<number, { readonly description: string; readonly headers?: Readonly<Record<string, unknown>> }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const functions = await loadFunctions();
const document = openApiDocument(functions) as unknown as Document;
const operationOf = (method: string, path: string): Operation => document.paths[path]![method.toLowerCase()]!;
const routes = functions.flatMap((one) => one.routes.map((route) => [`${route.method} ${route.path}`, route] as const));

const bodiesOf = ({ requestBody }: Operation): readonly ObjectSchema[] =>
  Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => schema.oneOf ?? [schema]);
const headersIn = ({ parameters }: Operation) => parameters.filter(({ in: place }) => place === "header").map(({ name }) => name);

describe("the OpenAPI document", () => {
  test.each(routes)("%s has the parameters of its path, and they stand nowhere else", (_name, { method, path }) => {
    const operation = operationOf(method, path);
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
    const inPath = operation.parameters.filter(({ in: place }) => place === "path");
    expect(inPath.map(({ name, required }) => ({ name, required }))).toEqual(names.map((name) => ({ name, required: true })));
    for (const { properties = {}, required = [] } of bodiesOf(operation)) {
      for (const name of names) expect([...Object.keys(properties), ...required]).not.toContain(name);
    }
  });

  const jsonRoutes = routes.flatMap(([name, route]) => (route.kind === "json" ? [[name, route] as const] : []));
  test.each(jsonRoutes)("%s says what its headers do", (_name, { method, path, etag, idempotency, problems }) => {
    const { responses, ...operation } = operationOf(method, path);
    const sent = headersIn({ responses, ...operation });
    expect(sent.includes("If-Match")).toBe(problems.includes("precondition-failed"));
    expect(sent.includes("If-None-Match")).toBe(etag && method === "GET");
    expect(responses[304] !== undefined).toBe(etag && method === "GET");
    expect(sent.includes("Idempotency-Key")).toBe(idempotency !== null);
    expect(/idempotency key/.test(`${responses[409]?.description} ${responses[422]?.description}`)).toBe(idempotency !== null);
  });

  test.each([
    ["POST", "/api/v1/ingest", { required: true, members: ["metrics"] }],
    ["POST", "/api/v1/alerts/{id}/acknowledge", { required: false, members: ["name", "ttl", "note"] }],
    ["POST", "/api/v1/channels/{id}/test", null],
    ["PUT", "/api/v1/channels/{id}", { required: true, members: ["kind", "config", "name", "enabled", "fallback", "stormLimit"] }],
    ["GET", "/api/v1/series", null],
  ])("%s %s has the body that the route reads", (method, path, expected) => {
    const operation = operationOf(method, path);
    const [body] = bodiesOf(operation);
    const found = body && { required: operation.requestBody!.required, members: Object.keys(body.properties!) };
    expect(found ?? null).toEqual(expected);
  });

  test("PUT needs its body, also where all of it may be left out", () => {
    const { requestBody } = operationOf("PUT", "/api/v1/series/{id}/settings");
    expect(requestBody!.required).toBe(true);
  });

  test.each(["/api/v1/rules/{id}", "/api/v1/channels/{id}"])("PATCH %s takes a merge patch", (path) => {
    expect(Object.keys(operationOf("PATCH", path).requestBody!.content)).toEqual(["application/json", "application/merge-patch+json"]);
  });

  test.each([
    ["POST", "/api/v1/rules", 201, ["Location", "ETag"]],
    ["POST", "/api/v1/forecasts", 202, ["Location"]],
    ["POST", "/api/v1/forecasts", 201, ["Location"]],
    ["GET", "/api/v1/rules/{id}", 200, ["ETag"]],
    ["GET", "/api/v1/rules/{id}", 304, ["ETag"]],
    ["DELETE", "/api/v1/rules/{id}", 204, []],
  ] as const)("%s %s %d answers with its headers", (method, path, status, names) => {
    expect(Object.keys(operationOf(method, path).responses[status]!.headers ?? {})).toEqual(names);
  });

  test("names each operation once, and refers to nothing that it lacks", () => {
    const ids = routes.map(([, { method, path }]) => operationOf(method, path).operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const referred = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]!);
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(referred));
    expect(referred.length).toBeGreaterThan(10);
  });
});
