import { createHash } from "node:crypto";
import type { Actor } from "../contract/actor.ts";
import { invalid, parseOrRefuse, Problem } from "../contract/problem.ts";
import type { KeyRecord } from "../ports/platform.ts";
import type { Deps } from "../ports.ts";
import { apiKeyIn, requireScope } from "./auth.ts";
import { parseJsonBody } from "./body.ts";
import { runInContext } from "./context.ts";
import type { LogContext } from "./context.ts";
import { hashPayload, parseIdempotencyKey, recallAnswer } from "./idempotency.ts";
import { errorFields } from "./log.ts";
import { problemResponse, toProblem } from "./problem.ts";
import { UNLIMITED } from "./rate-limit.ts";
import type { Taken } from "./rate-limit.ts";
import type { Bytes, DoorRequest, HttpFunction, JsonRoute, RequestContext, Route, TenantContext } from "./route.ts";
import { openInvocation, publishCommitted } from "./runtime.ts";
import type { Runtime } from "./runtime.ts";

/** A request, its body already read. Header names are lower case. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Scheme and host as the caller sees them. */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

/** How long a reserved idempotency key stays taken when its process dies: longer than any function may take for a request. */
const RESERVED_MS = 150_000;
const REQUEST_ID = /^[\w.:-]{1,100}$/;
const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Answers one request of an HTTP function: finds the route, authenticates, limits, parses, calls the verb, publishes its events.
 * Never throws: what fails is a problem (RFC 9457).
 */
export async function serveHttp(name: string, { routes }: HttpFunction, request: HttpRequest, runtime: Runtime): Promise<HttpResponse> {
  const requestId = REQUEST_ID.test(request.headers["x-request-id"] ?? "")
    ? request.headers["x-request-id"]!
    : runtime.newId<string>("evt");
  const traceparent = TRACEPARENT.test(request.headers["traceparent"] ?? "") ? request.headers["traceparent"]! : null;
  const trace = traceparent === null ? null : TRACEPARENT.exec(traceparent)![1]!;
  const context: LogContext = { function: name, requestId, trace, org: null, tags: new Map() };

  return runInContext(context, async () => {
    const startedAt = performance.now();
    const path = pathOf(request);
    const found = findRoute(routes, request.method, path);
    const extra: Record<string, string> = { "X-Request-Id": requestId, ...(traceparent === null ? {} : { traceparent }) };
    let response: HttpResponse;
    try {
      const { route, params } = found ?? refuse(routes, path, extra);
      response = await answer(route, params, { request, requestId, traceparent, context, extra }, runtime);
    } catch (error) {
      const problem = toProblem(error);
      if (problem.kind === "internal" || problem.kind === "unavailable")
        runtime.log.error("Request failed", errorFields(problem.cause ?? error));
      response = refusalOf(found?.route, problem, request);
      if (problem.kind === "unauthenticated") extra["WWW-Authenticate"] = 'Bearer realm="IntentVision"';
    }
    runtime.log.info("Request answered", {
      method: request.method,
      route: found?.route.path ?? "unknown",
      status: response.status,
      durationMs: Math.round(performance.now() - startedAt),
      bytesIn: request.body.byteLength,
    });
    return { ...response, headers: { ...response.headers, ...extra }, body: request.method === "HEAD" ? null : response.body };
  });
}

const pathOf = ({ url }: HttpRequest): string => url.split("?", 1)[0]!;

interface Call {
  readonly request: HttpRequest;
  readonly requestId: string;
  readonly traceparent: string | null;
  readonly context: LogContext;
  /** Headers of the answer, whatever it will be. */
  readonly extra: Record<string, string>;
}

async function answer(route: Route, params: Params, call: Call, runtime: Runtime): Promise<HttpResponse> {
  const { deps, committed } = openInvocation(runtime, call.traceparent);
  const base: RequestContext = { requestId: call.requestId, origin: call.request.origin };
  if (route.scope === "none")
    return respond(route, await route.handle(readInput(route, params, call.request) as never, base as never, deps), call);

  const key = await runtime.authenticate(apiKeyOf(route, call.request), deps.store.platform.keyRing);
  call.context.org = key.org;
  const limited = runtime.unlimitedKeys.has(key.id) ? UNLIMITED : runtime.rateLimiter.take(key.id, key.rateLimit ?? undefined);
  Object.assign(call.extra, limited.headers);
  if (limited.refused !== null) throw limited.refused;
  requireScope(key, route.scope);
  if (route.kind === "door") {
    const answered = await route.handle(doorRequest(call.request), tenantContext(base, key, limited, null, call.request), deps);
    await publishCommitted(runtime, committed);
    return answered;
  }

  const run = async (idempotency: TenantContext["idempotency"]): Promise<HttpResponse> => {
    const input = readInput(route, params, call.request);
    const context = key.org === null ? base : tenantContext(base, key, limited, idempotency, call.request);
    const output = await route.handle(input as never, context as never, deps);
    const response = respond(route, output, call);
    await publishCommitted(runtime, committed);
    return response;
  };
  const sent = call.request.headers["idempotency-key"];
  if (route.idempotency === null || sent === undefined || key.org === null) return run(null);
  return once(route, parseIdempotencyKey(sent), key, call, deps, runtime, run);
}

/** What is answered to a request that is refused before a route is asked, because its body cannot be read or is not wanted; `body` is empty then. */
export const refuseUnread = ({ routes }: HttpFunction, problem: Problem, request: HttpRequest): HttpResponse =>
  refusalOf(findRoute(routes, request.method, pathOf(request))?.route, problem, request);

/** Headers of a problem that each protocol's clients understand. */
const SAID_BY_HEADER = ["Retry-After", "Accept-Encoding"];

/** A refusal as a problem, or as the door's protocol says it. */
function refusalOf(route: Route | undefined, problem: Problem, request: HttpRequest): HttpResponse {
  if (route?.kind !== "door") return problemResponse(problem, pathOf(request));
  const told = problem.kind === "request-timeout" ? sendAgain(problem) : problem;
  const ours = problemResponse(told, pathOf(request));
  const said = Object.fromEntries(Object.entries(ours.headers).filter(([name]) => SAID_BY_HEADER.includes(name)));
  const refused = route.refuse(told, doorRequest(request));
  return { ...refused, headers: { ...refused.headers, ...said } };
}

/** The clients of those protocols throw away what is answered 408, and keep what is answered 503. */
const sendAgain = ({ detail }: Problem): Problem => new Problem("unavailable", detail, { members: { retryAfterS: 1 } });

const apiKeyOf = (route: Route, request: HttpRequest): string | null =>
  apiKeyIn(request.headers) ?? (route.kind === "door" ? (route.credentials?.(doorRequest(request)) ?? null) : null);

const doorRequest = ({ url, headers, body }: HttpRequest): DoorRequest => ({
  query: queryOf(url),
  headers,
  body,
  json: () => jsonOf(body, "replaced"),
});

/** Runs a request at most once for its Idempotency-Key; later ones get the stored answer. */
async function once(
  route: JsonRoute,
  idempotencyKey: string,
  key: KeyRecord,
  call: Call,
  deps: Deps,
  { clock, idempotencyTtlMs }: Runtime,
  run: (idempotency: TenantContext["idempotency"]) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { request, extra } = call;
  const { idempotency } = deps.store.forOrg(key.org!);
  const now = clock.now();
  const name = `${route.method} ${pathOf(request)}`;
  const payloadHash = hashPayload(request.body);
  const recall = async (): Promise<HttpResponse | null> => {
    const stored = await idempotency.find(idempotencyKey, now);
    if (stored === null) return null;
    const { status, answer } = recallAnswer(stored, name, payloadHash);
    extra["Idempotency-Replayed"] = "true";
    const { headers } = respond(route, answer === "" ? null : JSON.parse(answer), call);
    return { status, headers, body: answer };
  };
  const earlier = await recall();
  if (earlier !== null) return earlier;

  const entry = { key: idempotencyKey, route: name, payloadHash };
  const expiresAt = now + idempotencyTtlMs;
  if (route.idempotency === "batch") {
    try {
      return await run({ ...entry, expiresAt });
    } catch (error) {
      // The same request was faster: its batch took the key, ours wrote nothing.
      if (!(error instanceof Error && error.name === "Conflict")) throw error;
      const winner = await recall();
      if (winner === null) throw error;
      return winner;
    }
  }
  while (!(await idempotency.reserve({ ...entry, expiresAt: now + RESERVED_MS, now }))) {
    const winner = await recall();
    if (winner !== null) return winner;
    // Another one had it and failed in the meantime: it is free again.
  }
  const response = await run(null).catch(async (error: unknown) => {
    await idempotency.release(idempotencyKey);
    throw error;
  });
  // Should the answer not be kept, the key stays taken for as long as it was reserved: what was done is not done again at once.
  await idempotency.complete({ key: idempotencyKey, status: response.status, answer: String(response.body ?? ""), expiresAt });
  return response;
}

function tenantContext(
  base: RequestContext,
  key: KeyRecord,
  { takePoints }: Taken,
  idempotency: TenantContext["idempotency"],
  request: HttpRequest,
): TenantContext {
  const actor: Actor = { kind: "key", id: key.id, name: key.name };
  const ifMatch = request.headers["if-match"];
  return {
    ...base,
    org: key.org!,
    actor,
    idempotency,
    takePoints,
    requireMatch(present) {
      if (ifMatch === undefined || ifMatch.trim() === "*") return;
      const wanted = ifMatch.split(",").map((tag) => tag.trim());
      if (!wanted.includes(etagOf(JSON.stringify(present)))) {
        throw new Problem("precondition-failed", "The resource has another ETag by now. Read it again, then repeat the change.");
      }
    },
  };
}

const etagOf = (body: string): string => `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;

/** Whether an If-None-Match names a tag: weakly, for who compresses an answer on its way makes its tag a weak one (RFC 9110, section 13.1.2). */
function hasTag(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((given) => given.trim().replace(/^W\//, "") === tag);
}

function respond(route: JsonRoute, output: unknown, { request }: Call): HttpResponse {
  if (output === null || output === undefined) return { status: route.status, headers: route.headers, body: null };
  if (route.output === null) {
    const { contentType, body } = output as Bytes;
    return { status: route.status, headers: { ...route.headers, "Content-Type": contentType }, body };
  }
  const body = JSON.stringify(output);
  const headers: Record<string, string> = { ...route.headers, "Content-Type": "application/json; charset=utf-8" };
  const location = route.location?.(output as never) ?? null;
  if (location !== null) headers["Location"] = location;
  if (route.etag) {
    headers["ETag"] = etagOf(route.tagged === undefined ? body : JSON.stringify(route.tagged(output as never)));
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (isRead && hasTag(request.headers["if-none-match"], headers["ETag"])) return { status: 304, headers, body: null };
  }
  const other = Object.entries(route.otherStatuses).find(([, isFor]) => isFor(output as never));
  return { status: other === undefined ? route.status : Number(other[0]), headers, body };
}

type Params = Readonly<Record<string, string>>;

function findRoute(routes: readonly Route[], method: string, path: string): { route: Route; params: Params } | null {
  const wanted = method === "HEAD" ? "GET" : method;
  for (const route of routes) {
    if (route.method !== wanted) continue;
    const params = matchPath(route.path, path);
    if (params !== null) return { route, params };
  }
  return null;
}

function refuse(routes: readonly Route[], path: string, extra: Record<string, string>): never {
  const allowed = routes.filter((route) => matchPath(route.path, path) !== null).map(({ method }) => method);
  if (allowed.length === 0) throw new Problem("not-found", "There is nothing at this path. The reference is at /docs.");
  extra["Allow"] = allowed.join(", ");
  throw new Problem("method-not-allowed", `This path takes ${allowed.join(", ")}.`);
}

/** The parameters of a path, such as `/api/v1/rules/{id}`; null when it does not match. */
export function matchPath(pattern: string, path: string): Params | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (given.length === wanted.length + 1 && given.at(-1) === "") given.pop();
  if (given.length !== wanted.length) return null;
  const params: Record<string, string> = {};
  for (const [place, part] of wanted.entries()) {
    const text = given[place]!;
    if (part.startsWith("{")) {
      try {
        params[part.slice(1, -1)] = decodeURIComponent(text);
      } catch {
        return null;
      }
    } else if (part !== text) return null;
  }
  return params;
}

function readInput(route: JsonRoute, params: Params, request: HttpRequest): unknown {
  const members =
    request.method === "GET" || request.method === "HEAD" || request.method === "DELETE"
      ? readQuery(request.url)
      : readJson(route, request);
  const clash = Object.keys(params).find((name) => Object.hasOwn(members, name) && members[name] !== params[name]);
  if (clash !== undefined) throw invalid([{ path: clash, message: "Stands in the path already, as another" }]);
  const written = Object.fromEntries(Object.entries(members).filter(([name]) => !route.readOnly?.includes(name)));
  return parseOrRefuse(route.input, { ...written, ...params });
}

function readJson({ scope }: JsonRoute, { method, headers, body }: HttpRequest): Readonly<Record<string, unknown>> {
  if (body.byteLength === 0) {
    // What was lost on the way would replace everything by its defaults. A POST may have nothing to say.
    if (method !== "POST") throw new Problem("malformed-request", `The body is empty; ${method} takes a JSON object.`);
    return {};
  }
  const type = (headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type !== "application/json" && !/^application\/[\w.-]+\+json$/.test(type)) {
    throw new Problem("unsupported-media-type", "Send JSON with Content-Type: application/json.");
  }
  // Metrics come from machines, which cut texts: no batch is lost for that. People are told.
  const value = jsonOf(body, scope === "write" ? "replaced" : "refused");
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw invalid([{ path: "", message: "Expected an object" }]);
  }
  return value as Record<string, unknown>;
}

function jsonOf(body: Uint8Array, halves: "refused" | "replaced"): unknown {
  const parsed = parseJsonBody(body, { halves });
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}

/** A name that comes once is a text, one that comes again an array of texts. */
function readQuery(url: string): Readonly<Record<string, unknown>> {
  const members = new Map<string, string | string[]>();
  for (const [name, value] of queryOf(url)) {
    const present = members.get(name);
    members.set(name, present === undefined ? value : [...(Array.isArray(present) ? present : [present]), value]);
  }
  return Object.fromEntries(members);
}

const queryOf = (url: string): URLSearchParams => new URLSearchParams(url.includes("?") ? url.slice(url.indexOf("?") + 1) : "");
