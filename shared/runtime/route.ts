import type * as v from "valibot";
import type { Actor } from "../contract/actor.ts";
import type { Event, EventData, EventType } from "../contract/events.ts";
import type { OrgId } from "../contract/ids.ts";
import type { Problem, ProblemKind } from "../contract/problem.ts";
import type { Deps } from "../ports.ts";

// All that functions see of the runtime: they describe routes and event handlers as values, and the runtime serves them.

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
/** What a key must be allowed to call a route. `none`: anybody may. */
export type RouteScope = "read" | "write" | "admin" | "platform" | "none";

/** What a request without an organisation brings: one of the platform, or an anonymous one. */
export interface RequestContext {
  readonly requestId: string;
  /** The request's URL, as this server is reached: for links in answers. */
  readonly origin: string;
}

/** What a tenant's request brings. Authority is in it, and only in it. */
export interface TenantContext extends RequestContext {
  readonly org: OrgId;
  readonly actor: Actor;
  /** Set where the route has `idempotency: "batch"` and the caller sent a key: the store keeps the answer with the effect. */
  readonly idempotency: { readonly key: string; readonly route: string; readonly payloadHash: string; readonly expiresAt: number } | null;
  /** The rate limit of the key: the points of an ingest are taken from it. @throws Problem rate-limited. */
  takePoints(n: number): void;
  /** Refuses the request when it carries an If-Match that is not the present answer's ETag. @throws Problem precondition-failed. */
  requireMatch(present: unknown): void;
}

type ContextOf<Scope extends RouteScope> = Scope extends "platform" | "none" ? RequestContext : TenantContext;

/** Bytes instead of JSON, for pages and their files. */
export interface Bytes {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

export interface RouteDefinition<Scope extends RouteScope, Input extends v.GenericSchema, Output extends v.GenericSchema | null> {
  readonly method: Method;
  /** A path under which parameters stand as `{name}`; a parameter is a member of the input. */
  readonly path: string;
  readonly summary: string;
  readonly scope: Scope;
  /** One object of the path's parameters and the body's members (POST, PUT, PATCH) or the query's (GET, DELETE, texts then). */
  readonly input: Input;
  /** null: no body (204), or bytes. */
  readonly output: Output;
  /** The media type of bytes, where it is always the same. */
  readonly bytes?: string;
  /** Members of an answer that a client may send back with what it changes: they are passed over. */
  readonly readOnly?: readonly string[];
  /** Headers of every success. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The status of success: 200, or 201 where `location` is given, or 204 where there is no output. */
  readonly status?: number;
  /** Further statuses of success, each with the answers that it is for. */
  readonly otherStatuses?: Readonly<Record<number, (output: Output extends v.GenericSchema ? v.InferOutput<Output> : null) => boolean>>;
  /** The address of what a POST created; null where it created nothing. */
  readonly location?: (output: Output extends v.GenericSchema ? v.InferOutput<Output> : null) => string | null;
  /** Answers carry an ETag, and If-None-Match gives 304. */
  readonly etag?: boolean;
  /** What of an answer its ETag is of, where that is not all: what a read of the resource answers. */
  readonly tagged?: (output: Output extends v.GenericSchema ? v.InferOutput<Output> : null) => unknown;
  /** Idempotency-Key: `batch` when the verb keeps the answer in the batch of its effect; `reserve` when the runtime keeps it around the verb. */
  readonly idempotency?: "batch" | "reserve";
  /** Beside those that every route may answer. */
  readonly problems: readonly ProblemKind[];
  handle(
    input: v.InferOutput<Input>,
    context: ContextOf<Scope>,
    deps: Deps,
  ): Promise<Output extends v.GenericSchema ? v.InferOutput<Output> : Bytes | null>;
}

/** A route of any shape, as the runtime and the generator see it. */
export interface JsonRoute {
  readonly kind: "json";
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly scope: RouteScope;
  readonly input: v.GenericSchema;
  readonly output: v.GenericSchema | null;
  readonly bytes?: string;
  readonly readOnly?: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  readonly otherStatuses: Readonly<Record<number, (output: never) => boolean>>;
  readonly location?: (output: never) => string | null;
  readonly etag: boolean;
  readonly tagged?: (output: never) => unknown;
  readonly idempotency: "batch" | "reserve" | null;
  readonly problems: readonly ProblemKind[];
  handle(input: never, context: never, deps: Deps): Promise<unknown>;
}

/** Describes one verb of the HTTP interface: parsing is done before `handle`, answering after it. */
export function route<Scope extends RouteScope, Input extends v.GenericSchema, Output extends v.GenericSchema | null>(
  definition: RouteDefinition<Scope, Input, Output>,
): JsonRoute {
  const { output, location, headers = {}, status, otherStatuses = {}, etag = false, idempotency = null } = definition;
  return {
    ...definition,
    kind: "json",
    etag,
    idempotency,
    headers,
    otherStatuses,
    status: status ?? (location ? 201 : output === null ? 204 : 200),
  };
}

/** What comes to a door. */
export interface DoorRequest {
  readonly query: URLSearchParams;
  /** Names are lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Inflated, unless its encoding is snappy. */
  readonly body: Uint8Array;
  /** The body parsed, for a protocol that comes in JSON. @throws Problem malformed-request, too-large. */
  json(): unknown;
}

export interface DoorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

export interface DoorDefinition {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly summary: string;
  readonly scope: "read" | "write";
  /** The media types of the protocol's bodies. */
  readonly takes: readonly string[];
  /** The statuses of success, and what each says. */
  readonly answers: Readonly<Record<number, string>>;
  /** Beside those that every route may answer. */
  readonly problems: readonly ProblemKind[];
  /** The API key, where the protocol's clients send it elsewhere than in X-API-Key or as a Bearer token. */
  credentials?(request: DoorRequest): string | null;
  handle(request: DoorRequest, context: TenantContext, deps: Deps): Promise<DoorAnswer>;
  /** A refusal in the protocol's own words; the body is empty where it is what could not be read. */
  refuse(problem: Problem, request: DoorRequest): DoorAnswer;
}

export type Door = DoorDefinition & { readonly kind: "door" };

/** Describes a door for a protocol of others, whose bodies and answers are its own. */
export const door = (definition: DoorDefinition): Door => ({ ...definition, kind: "door" });

export type Route = JsonRoute | Door;

/** A function with an HTTP trigger: a table of routes. */
export interface HttpFunction {
  readonly kind: "http";
  readonly routes: readonly Route[];
}

export const http = (routes: readonly Route[]): HttpFunction => ({ kind: "http", routes });

/** What an event brings besides its data. */
export interface EventContext {
  readonly event: Event;
  /** Unix ms at which work on it started. */
  readonly now: number;
}

export type EventHandlers = { readonly [Type in EventType]?: (data: EventData<Type>, context: EventContext, deps: Deps) => Promise<void> };

/** A function with an event trigger, of a topic or of a tick. */
export interface EventFunction {
  readonly kind: "event";
  readonly consumer: string;
  /** How a redelivery is found out: by the event's id, or by the effect itself (a cursor, a compare-and-set). */
  readonly deduplicate: "event-id" | "effect";
  readonly on: EventHandlers;
}

/**
 * Describes what a consumer does with each type; other types of its topics are acknowledged.
 * A handler throws to have the event delivered again; what it cannot ever work off it records, and returns.
 */
export const event = (definition: Omit<EventFunction, "kind">): EventFunction => ({ kind: "event", ...definition });

export type FunctionDefinition = HttpFunction | EventFunction;

/** The organisation of an event that has one. */
export function orgOf({ event: { org, type } }: EventContext): OrgId {
  if (org === null) throw new Error(`${type} came without an organisation`);
  return org;
}
