import * as v from "valibot";
import type { TaskQueue } from "../bus/cloud-tasks.ts";
import { Backend } from "../contract/forecast.ts";
import type { MailProvider, MailServer } from "../ports/mail.ts";

const text = v.pipe(v.string(), v.minLength(1));
const list = v.pipe(
  v.string(),
  v.transform((entries) =>
    entries
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ""),
  ),
);
const bytes = (n: number) =>
  v.pipe(
    v.string(),
    v.transform((base64) => new Uint8Array(Buffer.from(base64, "base64"))),
    v.check((key) => key.length === n, `Expected ${n} bytes in base64`),
  );

/** The address of a service that the operator runs or pays for, without a slash at its end. */
const serviceUrl = v.pipe(
  v.string(),
  v.check((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol), "Expected an http or https address"),
  v.transform((url) => url.replace(/\/+$/, "")),
);

/** What each secret of the manifest is parsed as, by the environment variable that the deployment mounts it under. */
const SECRETS = {
  INTENTVISION_TURSO_URL: text,
  INTENTVISION_TURSO_TOKEN: text,
  INTENTVISION_API_KEY_SALT: v.pipe(v.string(), v.minLength(16)),
  INTENTVISION_CHANNEL_KEY: bytes(32),
  INTENTVISION_CHANNEL_KEY_PREVIOUS: bytes(32),
  INTENTVISION_TIMEGPT_KEY: v.pipe(text, v.regex(/^[\x21-\x7e]+$/)),
  INTENTVISION_SMTP_PASSWORD: text,
  INTENTVISION_EMAIL_KEY: v.pipe(text, v.regex(/^[\x21-\x7e]+$/)),
} as const;
type SecretKey = keyof typeof SECRETS;
/** A database in a file has no token; a previous key is there during a rotation alone; without a key of its own TimeGPT is no backend; a mail server may ask for no password, and needs no provider. */
const OPTIONAL_SECRETS: ReadonlySet<string> = new Set<SecretKey>([
  "INTENTVISION_TURSO_TOKEN",
  "INTENTVISION_CHANNEL_KEY_PREVIOUS",
  "INTENTVISION_TIMEGPT_KEY",
  "INTENTVISION_SMTP_PASSWORD",
  "INTENTVISION_EMAIL_KEY",
]);

/** An address, or `Name <address>`. */
const sender = v.pipe(v.string(), v.regex(/^[^\r\n<>]*<?[^\s<>@]+@[^\s<>@]+>?$/));

const OPTIONS = v.object({
  LOG_LEVEL: v.optional(v.picklist(["debug", "info", "warn", "error"]), "info"),
  /** host:port of single hosts that tenants' outgoing calls may reach although they are not public. */
  GUARDED_FETCH_ALLOW: v.optional(v.pipe(list, v.array(v.pipe(v.string(), v.regex(/^[^\s:]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i))))),
  /** Hours that the answer to an Idempotency-Key is kept. */
  IDEMPOTENCY_TTL_HOURS: v.optional(v.pipe(v.string(), v.regex(/^\d{1,4}$/), v.transform(Number), v.minValue(1), v.maxValue(8_760)), "24"),
  /** Where events go: Pub/Sub in this project; not set: the bus of this process. */
  PUBSUB_PROJECT: v.optional(text),
  PUBSUB_EMULATOR_HOST: v.optional(v.pipe(v.string(), v.regex(/^[^\s/]+:\d{1,5}$/))),
  /** The queue of the alarms that have notifications sent on time, whom its tasks call, and as whom; not set: the minute's tick is in time. */
  CLOUD_TASKS_QUEUE: v.optional(
    v.pipe(v.string(), v.regex(/^projects\/[a-z0-9:.-]+\/locations\/[a-z0-9-]+\/queues\/[A-Za-z0-9-]{1,100}$/)),
  ),
  CLOUD_TASKS_URL: v.optional(serviceUrl),
  CLOUD_TASKS_INVOKER: v.optional(v.pipe(v.string(), v.email())),
  CLOUD_TASKS_EMULATOR_HOST: v.optional(v.pipe(v.string(), v.regex(/^[^\s/]+:\d{1,5}$/))),
  /** Backends that `auto` means, the first that is configured: their names with commas between them. */
  INTENTVISION_FORECAST_PREFERENCE: v.optional(v.pipe(list, v.array(Backend)), "native"),
  INTENTVISION_TIMEGPT_URL: v.optional(serviceUrl, "https://api.nixtla.io"),
  INTENTVISION_TIMEGPT_MODEL: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]{0,99}$/)), "timegpt-2.1"),
  /** Where services/statsforecast listens; not set: it is no backend. */
  INTENTVISION_STATSFORECAST_URL: v.optional(serviceUrl),
  /** In place of PagerDuty's own addresses; where it is not public, GUARDED_FETCH_ALLOW has to name it too. */
  INTENTVISION_PAGERDUTY_URL: v.optional(serviceUrl),
  /** The mail server of channels that name none of their own; not set: there is none. */
  INTENTVISION_SMTP_HOST: v.optional(v.pipe(v.string(), v.regex(/^[^\s/:]+$/))),
  INTENTVISION_SMTP_PORT: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,5}$/), v.transform(Number), v.minValue(1), v.maxValue(65_535)),
    "587",
  ),
  /** Not set: `tls` on port 465, else `starttls`. */
  INTENTVISION_SMTP_SECURITY: v.optional(v.picklist(["tls", "starttls", "none"])),
  INTENTVISION_SMTP_USER: v.optional(text),
  /** Whom its messages are from: an address, or `Name <address>`. */
  INTENTVISION_SMTP_FROM: v.optional(sender),
  /** Who sends e-mail in place of a mail server; functions that send it have its key. */
  INTENTVISION_EMAIL_PROVIDER: v.optional(v.picklist(["resend"])),
  INTENTVISION_EMAIL_FROM: v.optional(sender),
  /** In place of Resend's own address; where it is not public, GUARDED_FETCH_ALLOW has to name it too. */
  INTENTVISION_RESEND_URL: v.optional(serviceUrl),
  K_SERVICE: v.optional(v.string()),
  FIREBASE_AUTH_EMULATOR_HOST: v.optional(v.string()),
});

export interface Config {
  readonly logLevel: string;
  /** Empty where the function has no use for it. */
  readonly databaseUrl: string;
  readonly databaseToken: string | undefined;
  /** Empty where the function has no use for it. */
  readonly apiKeySalt: string;
  readonly channelKey: Uint8Array | null;
  /** Opens what was sealed before the channel key was changed. */
  readonly previousChannelKey: Uint8Array | null;
  readonly guardedFetchAllow: readonly string[];
  readonly idempotencyTtlMs: number;
  readonly pubsub: { readonly project: string; readonly emulatorHost: string | undefined } | null;
  readonly taskQueue: TaskQueue | null;
  /** Names of backends, the one that is preferred first. */
  readonly forecastPreference: readonly string[];
  readonly timegpt: { readonly apiKey: string | undefined; readonly baseUrl: string; readonly model: string };
  readonly statsforecastUrl: string | undefined;
  readonly pagerdutyUrl: string | undefined;
  /** Who sends the e-mail of channels that name nobody of their own. */
  readonly mail: MailServer | MailProvider | null;
  readonly resendUrl: string | undefined;
}

/**
 * Reads the configuration of one function: the options, and of the secrets just those that the manifest gives it.
 *
 * @param secrets - Cloud names, such as `intentvision-turso-url`.
 * @throws Error that names every bad key, and never a value.
 */
export function readConfig(secrets: readonly string[], env: Readonly<Record<string, string | undefined>> = process.env): Config {
  if (env["FIREBASE_AUTH_EMULATOR_HOST"] !== undefined && env["K_SERVICE"] !== undefined) {
    throw new Error("FIREBASE_AUTH_EMULATOR_HOST is set on a deployed service: unsigned tokens would be accepted");
  }
  const keys = secrets.map((name) => name.toUpperCase().replaceAll("-", "_") as SecretKey);
  const bad: string[] = [];
  const options = v.safeParse(OPTIONS, env);
  if (!options.success) bad.push(...new Set(options.issues.map((issue) => String(issue.path?.[0]?.key))));
  const values = new Map<string, unknown>();
  for (const key of keys) {
    const parsed = v.safeParse(SECRETS[key], env[key]);
    const optional = OPTIONAL_SECRETS.has(key) && env[key] === undefined;
    if (parsed.success) values.set(key, parsed.output);
    else if (!optional) bad.push(key);
  }
  if (options.success && options.output.INTENTVISION_SMTP_HOST !== undefined && options.output.INTENTVISION_SMTP_FROM === undefined) {
    bad.push("INTENTVISION_SMTP_FROM");
  }
  if (options.success && options.output.INTENTVISION_EMAIL_PROVIDER !== undefined) {
    if (options.output.INTENTVISION_SMTP_HOST !== undefined) bad.push("INTENTVISION_EMAIL_PROVIDER");
    if (options.output.INTENTVISION_EMAIL_FROM === undefined) bad.push("INTENTVISION_EMAIL_FROM");
    if (keys.includes("INTENTVISION_EMAIL_KEY") && env["INTENTVISION_EMAIL_KEY"] === undefined) bad.push("INTENTVISION_EMAIL_KEY");
  }
  const channelKey = (values.get("INTENTVISION_CHANNEL_KEY") as Uint8Array | undefined) ?? null;
  const previousChannelKey = (values.get("INTENTVISION_CHANNEL_KEY_PREVIOUS") as Uint8Array | undefined) ?? null;
  if (channelKey !== null && previousChannelKey !== null && Buffer.compare(channelKey, previousChannelKey) === 0) {
    bad.push("INTENTVISION_CHANNEL_KEY_PREVIOUS");
  }
  if (options.success && options.output.CLOUD_TASKS_QUEUE !== undefined) {
    bad.push(...(["CLOUD_TASKS_URL", "CLOUD_TASKS_INVOKER"] as const).filter((key) => options.output[key] === undefined));
  }
  if (bad.length > 0 || !options.success) throw new Error(`Missing or malformed configuration: ${bad.join(", ")}`);

  const { output } = options;
  return {
    logLevel: output.LOG_LEVEL,
    databaseUrl: (values.get("INTENTVISION_TURSO_URL") as string | undefined) ?? "",
    databaseToken: values.get("INTENTVISION_TURSO_TOKEN") as string | undefined,
    apiKeySalt: (values.get("INTENTVISION_API_KEY_SALT") as string | undefined) ?? "",
    channelKey,
    previousChannelKey,
    guardedFetchAllow: output.GUARDED_FETCH_ALLOW ?? [],
    idempotencyTtlMs: output.IDEMPOTENCY_TTL_HOURS * 3_600_000,
    forecastPreference: output.INTENTVISION_FORECAST_PREFERENCE,
    timegpt: {
      apiKey: values.get("INTENTVISION_TIMEGPT_KEY") as string | undefined,
      baseUrl: output.INTENTVISION_TIMEGPT_URL,
      model: output.INTENTVISION_TIMEGPT_MODEL,
    },
    statsforecastUrl: output.INTENTVISION_STATSFORECAST_URL,
    pagerdutyUrl: output.INTENTVISION_PAGERDUTY_URL,
    mail:
      providerOf(output, values.get("INTENTVISION_EMAIL_KEY") as string | undefined) ??
      smtpOf(output, values.get("INTENTVISION_SMTP_PASSWORD") as string | undefined),
    resendUrl: output.INTENTVISION_RESEND_URL,
    pubsub: output.PUBSUB_PROJECT === undefined ? null : { project: output.PUBSUB_PROJECT, emulatorHost: output.PUBSUB_EMULATOR_HOST },
    taskQueue: taskQueueOf(output),
  };
}

function taskQueueOf(options: v.InferOutput<typeof OPTIONS>): TaskQueue | null {
  const { CLOUD_TASKS_QUEUE: queue, CLOUD_TASKS_URL: url, CLOUD_TASKS_INVOKER: invoker } = options;
  if (queue === undefined || url === undefined || invoker === undefined) return null;
  return { queue, url, invoker, emulatorHost: options.CLOUD_TASKS_EMULATOR_HOST };
}

function providerOf(options: v.InferOutput<typeof OPTIONS>, apiKey: string | undefined): MailProvider | null {
  const { INTENTVISION_EMAIL_PROVIDER: provider, INTENTVISION_EMAIL_FROM: from } = options;
  return provider === undefined || from === undefined || apiKey === undefined ? null : { provider, apiKey, from };
}

function smtpOf(options: v.InferOutput<typeof OPTIONS>, password: string | undefined): MailServer | null {
  const {
    INTENTVISION_SMTP_HOST: host,
    INTENTVISION_SMTP_PORT: port,
    INTENTVISION_SMTP_USER: user,
    INTENTVISION_SMTP_FROM: from,
  } = options;
  if (host === undefined || from === undefined) return null;
  return { host, port, security: options.INTENTVISION_SMTP_SECURITY ?? (port === 465 ? "tls" : "starttls"), user, password, from };
}

/** Where the local system listens and keeps its data. */
export interface LocalConfig {
  readonly port: number;
  readonly dataDir: string;
  /** Whether npm start started it, and not somebody directly. */
  readonly underNpm: boolean;
  /** The key that tools show to a system whose address they are given. */
  readonly apiKey?: string | undefined;
  /** The address of a system that tools are to speak to, where no flag says another. */
  readonly url?: string | undefined;
}

const LOCAL = v.object({
  PORT: v.optional(v.pipe(v.string(), v.regex(/^\d{1,5}$/), v.transform(Number), v.maxValue(65_535)), "8080"),
  INTENTVISION_DATA_DIR: v.optional(text, "./data"),
  npm_lifecycle_event: v.optional(v.string()),
  INTENTVISION_API_KEY: v.optional(text),
  INTENTVISION_URL: v.optional(serviceUrl),
});

/** Reads the options of the local system. @throws Error that names every bad key. */
export function readLocalConfig(env: Readonly<Record<string, string | undefined>> = process.env): LocalConfig {
  const local = v.safeParse(LOCAL, env);
  if (!local.success) throw new Error(`Malformed configuration: ${local.issues.map((issue) => String(issue.path?.[0]?.key)).join(", ")}`);
  const {
    PORT: port,
    INTENTVISION_DATA_DIR: dataDir,
    npm_lifecycle_event: script,
    INTENTVISION_API_KEY: apiKey,
    INTENTVISION_URL: url,
  } = local.output;
  return { port, dataDir, underNpm: script === "start", apiKey, ...(url === undefined ? {} : { url }) };
}

/** Every variable of the environment: for a tool that is told by its user which of them to read. */
export const environment = (): Readonly<Record<string, string | undefined>> => process.env;

type OfTheEnvironment =
  "INTENTVISION_CHANNEL_KEY_PREVIOUS" | "INTENTVISION_TIMEGPT_KEY" | "INTENTVISION_SMTP_PASSWORD" | "INTENTVISION_EMAIL_KEY";

/**
 * The configuration of every function in one process, with the local system's own database and secrets under the environment's options;
 * TimeGPT's key, the mail server's password and the e-mail provider's key, which nobody can make, and a channel key from before are the environment's too.
 */
export const configWith = (secrets: Readonly<Record<Exclude<SecretKey, OfTheEnvironment>, string | undefined>>): Config =>
  readConfig(
    Object.keys(SECRETS).map((key) => key.toLowerCase().replaceAll("_", "-")),
    { ...process.env, ...secrets },
  );
