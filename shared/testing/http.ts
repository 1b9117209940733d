import type { KeyId, OrgId } from "../contract/ids.ts";
import type { Scope } from "../contract/key.ts";
import { apiKeyOf, createAuthenticator, hashApiKey } from "../runtime/auth.ts";
import type { Log, LogFields } from "../runtime/log.ts";
import { createRateLimiter } from "../runtime/rate-limit.ts";
import type { HttpFunction } from "../runtime/route.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { serveHttp } from "../runtime/serve-http.ts";
import { createStores } from "../store/store.ts";
import { startHarness } from "./harness.ts";
import type { Harness } from "./harness.ts";

const SALT = "a salt of the tests";

export interface TestRequest {
  readonly key?: string | undefined;
  readonly body?: unknown;
  /** Instead of a body in JSON. */
  readonly bytes?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where it is JSON, else the text. */
  readonly body: unknown;
}

/** HTTP functions over a harness, with real keys, limits and problems, and without a socket. */
export interface TestHttp {
  readonly runtime: Runtime;
  readonly logged: { readonly message: string; readonly fields: LogFields }[];
  /** Makes a key. */
  keyOf(org: OrgId | null, scopes: readonly Scope[], more?: { expiresAt?: number }): Promise<string>;
  request(definition: HttpFunction, method: string, url: string, request?: TestRequest): Promise<TestAnswer>;
}

export function startHttp({ database, deps, clock }: Harness, overrides: Partial<Runtime> = {}): TestHttp {
  const logged: TestHttp["logged"] = [];
  const note = (message: string, fields: LogFields = {}) => void logged.push({ message, fields });
  const log: Log = { debug: note, info: note, warning: note, error: note };
  const { store: _store, ...rest } = deps;
  const { authenticate, forget } = createAuthenticator(SALT, clock.now);
  const runtime: Runtime = {
    ...rest,
    stores: createStores(database),
    log,
    authenticate,
    forgetApiKey: forget,
    rateLimiter: createRateLimiter(clock.now),
    unlimitedKeys: new Set(),
    idempotencyTtlMs: 86_400_000,
    issueApiKey() {
      const apiKey = apiKeyOf(deps.random.bytes(24));
      return { apiKey, hash: hashApiKey(apiKey, SALT) };
    },
    ...overrides,
  };
  return {
    runtime,
    logged,
    async keyOf(org, scopes, { expiresAt } = {}) {
      const { apiKey, hash } = runtime.issueApiKey();
      const key = {
        id: deps.newId<KeyId>("key"),
        name: "test",
        hash,
        scopes,
        rateLimit: null,
        createdAt: clock.now(),
        expiresAt: expiresAt ?? null,
      };
      if (org === null) await deps.store.platform.keyRing.insertPlatformKey(key);
      else await deps.store.forOrg(org).keys.insert(key);
      return apiKey;
    },
    async request(definition, method, url, { key, body, bytes, headers = {} } = {}) {
      const sent = bytes ?? (body === undefined ? "" : JSON.stringify(body));
      const response = await serveHttp(
        "test",
        definition,
        {
          method,
          url,
          origin: "http://localhost",
          headers: { ...(key === undefined ? {} : { "x-api-key": key }), "content-type": "application/json", ...headers },
          body: typeof sent === "string" ? new TextEncoder().encode(sent) : sent,
        },
        runtime,
      );
      const text = response.body === null ? "" : Buffer.from(response.body).toString("utf8");
      const isJson = (response.headers["Content-Type"] ?? "").includes("json");
      return { status: response.status, headers: response.headers, body: isJson && text !== "" ? (JSON.parse(text) as unknown) : text };
    },
  };
}

/** Asks a function as a key would: the one that may do all, unless another is given. */
export type Ask = (method: string, path: string, body?: object, headers?: Record<string, string>, by?: string) => Promise<TestAnswer>;

/** A harness with the door of one function, and somebody who may read and change all that is behind it. */
export async function startDoor(
  definition: HttpFunction,
  options: Parameters<typeof startHarness>[0] = {},
): Promise<{ harness: Harness; server: TestHttp; ask: Ask }> {
  const harness = await startHarness(options);
  const server = startHttp(harness);
  const key = await server.keyOf(harness.org, ["admin", "read"]);
  const ask: Ask = (method, path, body, headers = {}, by = key) =>
    server.request(definition, method, path, { key: by, headers, ...(body && { body }) });
  return { harness, server, ask };
}
