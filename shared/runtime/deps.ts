import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { DestinationStream } from "pino";
import { operatorRequest } from "../net/operator-request.ts";
import { createCloudTasksAlarm } from "../bus/cloud-tasks.ts";
import { createPubSubBus } from "../bus/pubsub.ts";
import { createCharts } from "../charts/charts.ts";
import { base32hex } from "../core/hash-id.ts";
import { autoArimaForecaster, nativeForecaster } from "../forecasters/native.ts";
import { createForecasters } from "../forecasters/registry.ts";
import { createStatsForecast } from "../forecasters/statsforecast.ts";
import { stubForecaster } from "../forecasters/stub.ts";
import { createTimegpt } from "../forecasters/timegpt.ts";
import { createSecretBox, sealingKey } from "../net/secret-box.ts";
import type { AddressRefusal, Alarm, Bus, GuardedFetch, NewId, Random, SecretBox } from "../ports.ts";
import type { Mail } from "../ports/mail.ts";
import { openDatabase } from "../store/database.ts";
import type { Database } from "../store/database.ts";
import { createStores } from "../store/store.ts";
import { apiKeyOf, createAuthenticator, hashApiKey } from "./auth.ts";
import type { Config } from "./config.ts";
import { createLog, errorFields } from "./log.ts";
import { createRateLimiter } from "./rate-limit.ts";
import type { Runtime } from "./runtime.ts";

/** What the local system puts in place of the cloud's parts. */
export interface Local {
  readonly bus: Bus;
  readonly alarm: Alarm;
  readonly print: (text: string) => void;
  readonly logTo: DestinationStream;
  readonly unlimitedKeys: ReadonlySet<string>;
}

/** Six bytes of the time and nine random ones: ids sort by the millisecond they were made in. */
const newId: NewId = (prefix) => {
  const bytes = randomBytes(15);
  bytes.writeUIntBE(Date.now(), 0, 6);
  return `${prefix}_${base32hex(bytes)}` as never;
};

const random: Random = { uniform: () => Math.random(), bytes: (n) => new Uint8Array(randomBytes(n)) };

/** Without a queue the minute's tick is the alarm. */
const TICK_IS_ENOUGH: Alarm = { wakeAt: async () => {} };

const NO_CHANNEL_KEY: SecretBox = {
  seal: () => refuse("the channel key"),
  open: () => refuse("the channel key"),
  rotatesTo: null,
};

const NO_DATABASE: Database = {
  read: async () => refuse("the database"),
  write: async () => refuse("the database"),
  script: async () => refuse("the database"),
  close: () => {},
};

function refuse(what: string): never {
  throw new Error(`This function was not given ${what}`);
}

function secretBox({ channelKey, previousChannelKey }: Config): SecretBox {
  if (channelKey === null) return NO_CHANNEL_KEY;
  const previous = previousChannelKey === null ? {} : { previous: sealingKey(previousChannelKey) };
  return createSecretBox({ current: sealingKey(channelKey), ...previous });
}

/** The guarded fetch, loaded at its first call: its HTTP client is more than half of a bundle, and few functions ever call out. */
function guardedFetch(allow: readonly string[]): GuardedFetch {
  let loaded: Promise<GuardedFetch> | undefined;
  return async (url, request) => {
    loaded ??= import("../net/guarded-fetch.ts").then(({ createGuardedFetch }) => createGuardedFetch({ allow }));
    return (await loaded)(url, request);
  };
}

/** What it would refuse unasked, loaded with it. */
function refusals(allow: readonly string[]): AddressRefusal {
  let loaded: Promise<(url: string) => string | null> | undefined;
  return async (url) => {
    loaded ??= import("../net/guarded-fetch.ts").then(({ createAddressRefusal }) => createAddressRefusal({ allow }));
    return (await loaded)(url);
  };
}

/** E-mail, loaded at its first message. */
function mailer({ mail: operator, resendUrl: resend, guardedFetchAllow: allow }: Config): Mail {
  let loaded: Promise<Mail> | undefined;
  return async (message, server, options) => {
    loaded ??= import("../net/mail.ts").then(({ createMail }) => createMail({ operator, allow, providerUrls: { resend } }));
    return (await loaded)(message, server, options);
  };
}

/** Builds what one process has: the only place that makes real Deps. */
export async function createRuntime(config: Config, local?: Local): Promise<Runtime & { readonly database: Database }> {
  const clock = { now: () => Date.now() };
  const log = createLog("runtime", { level: config.logLevel, destination: local?.logTo });
  const { apiKeySalt, databaseUrl, databaseToken, pubsub, taskQueue } = config;
  const database = databaseUrl === "" ? NO_DATABASE : await openDatabase({ url: databaseUrl, authToken: databaseToken });
  const stores = createStores(database);
  const { authenticate, forget } = createAuthenticator(apiKeySalt, clock.now);
  return {
    database,
    stores,
    bus: local?.bus ?? pubSubBus(),
    clock,
    fetch: guardedFetch(config.guardedFetchAllow),
    addressRefusal: refusals(config.guardedFetchAllow),
    mail: mailer(config),
    pagerdutyUrl: config.pagerdutyUrl,
    forecasters: createForecasters(
      [
        nativeForecaster,
        createTimegpt({ ...config.timegpt, now: clock.now, uniform: random.uniform, pause }),
        createStatsForecast({ url: config.statsforecastUrl, request: operatorRequest, now: clock.now, pause }),
        autoArimaForecaster,
        stubForecaster,
      ],
      {
        preference: config.forecastPreference,
        onFailure: (backend, { detail, cause }) =>
          log.warning("A forecast backend failed", { backend, reason: detail, ...(cause === undefined ? {} : errorFields(cause)) }),
      },
    ),
    charts: createCharts({ onFailure: (error) => log.warning("A chart was left out", errorFields(error)) }),
    secrets: secretBox(config),
    alarm: local?.alarm ?? cloudAlarm(),
    newId,
    issueApiKey() {
      const apiKey = apiKeyOf(randomBytes(24));
      return { apiKey, hash: hashApiKey(apiKey, apiKeySalt) };
    },
    random,
    warn: (message, fields, error) => log.warning(message, { ...fields, ...(error === undefined ? {} : errorFields(error)) }),
    print: local?.print ?? ((text) => log.info("Told", { text })),
    log,
    authenticate,
    forgetApiKey: forget,
    rateLimiter: createRateLimiter(clock.now),
    unlimitedKeys: local?.unlimitedKeys ?? new Set(),
    idempotencyTtlMs: config.idempotencyTtlMs,
  };

  function cloudAlarm(): Alarm {
    if (taskQueue === null) return TICK_IS_ENOUGH;
    const onFailure = (error: unknown) => log.warning("An alarm is left to the minute's tick", errorFields(error));
    return createCloudTasksAlarm({ ...taskQueue, clock, request: operatorRequest, onFailure });
  }

  function pubSubBus(): Bus {
    if (pubsub === null) throw new Error("Missing or malformed configuration: PUBSUB_PROJECT");
    const { events } = stores({ newId, traceparent: null, committed: [] }).platform;
    return createPubSubBus({ ...pubsub, events, clock, request: operatorRequest });
  }
}
