import * as v from "valibot";
import type { Event } from "../contract/events.ts";
import type { EventId, KeyId, OrgId, SeriesId } from "../contract/ids.ts";
import { isoTime } from "../contract/time.ts";
import { hashId } from "../core/hash-id.ts";
import { batchOf } from "../core/series/batch.ts";
import { canonicalDimensions, seriesId } from "../core/series/series-id.ts";
import { createAddressRefusal } from "../net/guarded-fetch.ts";
import type { Deps, GuardedFetch, NewId, SecretBox } from "../ports.ts";
import type { Mail } from "../ports/mail.ts";
import type { Forecasters } from "../ports/forecasters.ts";
import type { EventFunction, JsonRoute, TenantContext } from "../runtime/route.ts";
import type { Database } from "../store/database.ts";
import { createStores } from "../store/store.ts";
import { memoryDatabase } from "./memory-store.ts";

/** 2026-11-20T10:00:00Z */
export const START = Date.UTC(2026, 10, 20, 10);

/**
 * Everything a function needs, faked where it reaches outside: a real store in memory, a clock that only tests move, ids that count
 * up, a fetch that refuses until a test gives it an answer.
 */
export interface Harness {
  readonly database: Database;
  readonly deps: Deps;
  readonly org: OrgId;
  readonly otherOrg: OrgId;
  readonly clock: { now(): number; set(ms: number): void; advance(ms: number): void };
  /** Events that were committed, oldest first; a test may empty it. */
  readonly committed: Event[];
  readonly alarms: number[];
  readonly printed: string[];
  /** What was said in the log of what went wrong: the message, its fields and the error. */
  readonly warnings: string[];
  /** Answers the next outgoing calls. */
  answerFetch(answer: GuardedFetch): void;
  /** Calls a verb as a key of `org` would: input and output pass the contract. */
  call(route: JsonRoute, input: unknown, options?: { org?: OrgId; context?: Partial<TenantContext> }): Promise<unknown>;
  /** Hands one event to a consumer. */
  deliver(consumer: EventFunction, event: Event): Promise<void>;
  /** Stores points of one series as an ingest would, and returns the series' id. */
  store(
    metricKey: string,
    points: readonly (readonly [timestamp: number, value: number])[],
    dimensions?: Record<string, string>,
  ): Promise<SeriesId>;
  close(): void;
}

const NO_FORECASTERS: Forecasters = {
  list: () => [],
  pick() {
    throw new Error("This test gave no forecasters");
  },
  detect() {
    throw new Error("This test gave no forecasters");
  },
};

/** Seals nothing, and says so: what was sealed for one context does not open in another. */
export const READABLE_SECRETS: SecretBox = {
  seal: (plain, context) => `sealed ${context} ${Buffer.from(plain).toString("hex")}`,
  open(sealed, context) {
    const [, of, hex] = sealed.split(" ");
    if (of !== context) throw new Error("Sealed for another context");
    return Buffer.from(hex!, "hex").toString();
  },
  rotatesTo: null,
};

/**
 * @param options.database - Has every migration applied; one in memory when not given.
 * @param options.allow - `host:port` of single hosts that tenants may name although they are not public.
 */
export async function startHarness(
  options: {
    now?: number;
    forecasters?: Forecasters;
    database?: Database;
    pagerdutyUrl?: string;
    mail?: Mail;
    allow?: readonly string[];
  } = {},
): Promise<Harness> {
  let now = options.now ?? START;
  let ids = 0;
  let random = 1;
  let fetch: GuardedFetch = async (url) => {
    throw new Error(`No test answers ${new URL(url).host}`);
  };
  const refusalOf = createAddressRefusal({ allow: options.allow ?? [] });
  const newId: NewId = (prefix) => hashId(prefix, [`test ${String((ids += 1))}`]);
  const database = options.database ?? (await memoryDatabase());
  const committed: Event[] = [];
  const alarms: number[] = [];
  const printed: string[] = [];
  const warnings: string[] = [];
  const store = createStores(database)({ newId, traceparent: null, committed });
  const deps: Deps = {
    store,
    bus: { publish: async () => {}, redeliver: async () => {} },
    clock: { now: () => now },
    fetch: (url, request) => fetch(url, request),
    addressRefusal: async (url) => refusalOf(url),
    mail:
      options.mail ??
      (async () => {
        throw new Error("No test answers this e-mail");
      }),
    pagerdutyUrl: options.pagerdutyUrl,
    forecasters: options.forecasters ?? NO_FORECASTERS,
    charts: {
      svg: async ({ title }, { width, height }) => `<svg width="${width}" height="${height}"><title>${title}</title></svg>`,
      png: async ({ title }) => new TextEncoder().encode(`PNG ${title}`),
      leftOut: (error) => void printed.push(`A chart was left out: ${String(error)}`),
    },
    secrets: { ...READABLE_SECRETS },
    alarm: {
      async wakeAt(at) {
        alarms.push(at);
      },
    },
    newId,
    issueApiKey: () => ({ apiKey: `iv_${String((ids += 1))}`, hash: new TextEncoder().encode(`hash ${String(ids)}`) }),
    forgetApiKey: () => {},
    random: {
      // Park and Miller's generator: the same numbers in every run.
      uniform: () => (random = (random * 48_271) % 2_147_483_647) / 2_147_483_647,
      bytes: (n) => Uint8Array.from({ length: n }, () => (random = (random * 48_271) % 2_147_483_647) & 255),
    },
    warn: (message, fields, error) => {
      warnings.push(
        [
          message,
          ...Object.values(fields),
          ...(error === undefined ? [] : [error instanceof Error ? `${error.name}: ${error.message}` : JSON.stringify(error)]),
        ].join(": "),
      );
    },
    print: (text) => printed.push(text),
  };
  const [org, otherOrg] = [newId<OrgId>("org"), newId<OrgId>("org")];
  for (const id of [org, otherOrg]) {
    const key = { name: "test", scopes: ["*"], rateLimit: null, createdAt: now, expiresAt: null } as const;
    await store.platform.orgs.create(
      { id, name: "Test", createdAt: isoTime(now) },
      { ...key, id: newId<KeyId>("key"), hash: new TextEncoder().encode(id) },
    );
  }

  return {
    database,
    deps,
    org,
    otherOrg,
    clock: { now: () => now, set: (ms) => (now = ms), advance: (ms) => (now += ms) },
    committed,
    alarms,
    printed,
    warnings,
    answerFetch: (answer) => (fetch = answer),
    async call(route, input, { org: as = org, context } = {}) {
      const parsed = v.parse(route.input, input);
      const defaults: TenantContext = {
        org: as,
        actor: { kind: "key", id: "key_test" },
        requestId: "test",
        origin: "http://localhost",
        idempotency: null,
        takePoints: () => {},
        requireMatch: () => {},
      };
      const answer = await route.handle(parsed as never, { ...defaults, ...context } as never, deps);
      if (route.output !== null) v.parse(route.output, answer);
      return answer;
    },
    async deliver(consumer, event) {
      const handle = consumer.on[event.type] as
        ((data: unknown, context: { event: Event; now: number }, deps: Deps) => Promise<void>) | undefined;
      if (handle !== undefined) await handle(event.data, { event, now }, deps);
    },
    async store(metricKey, points, dimensions = {}) {
      const canonical = canonicalDimensions(dimensions);
      const series = seriesId(org, metricKey, canonical);
      const columns = {
        timestamps: Float64Array.from(points, ([timestamp]) => timestamp),
        values: Float64Array.from(points, ([, value]) => value),
      };
      await store
        .forOrg(org)
        .points.append({ points: batchOf([{ series, metricKey, dimensions: canonical, ...columns }]), rejected: [], at: now });
      return series;
    },
    close: () => database.close(),
  };
}

/** An event as a bus would hand it over. */
export const testEvent = <Type extends Event["type"]>(type: Type, org: OrgId | null, data: Event<Type>["data"], at = START): Event => ({
  id: hashId<EventId>("evt", [type, org, data, at]),
  type,
  org,
  at,
  traceparent: null,
  data,
});
