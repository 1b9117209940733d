/** One deployable: a file of a function's folder, and the one thing that triggers it. */
export interface ManifestEntry {
  /** The file under functions/ whose default export is served. */
  readonly file: string;
  readonly summary: string;
  readonly trigger: HttpTrigger | EventTrigger | TickTrigger;
  readonly memoryMiB: number;
  readonly timeoutS: number;
  /** Secrets that the deployment mounts, by their cloud names. */
  readonly secrets: readonly Secret[];
  /** The queue of Cloud Tasks whose tasks call it too, with a token of a service account that may. */
  readonly calledBy?: Queue;
  /** The queue that it creates tasks in. */
  readonly enqueuesTo?: Queue;
  /** It draws charts of alerts: what that takes is deployed with it, some 20 MB. */
  readonly charts?: boolean;
}

/** Paths that lead here; `/**` at an end takes in everything below. */
export interface HttpTrigger {
  readonly kind: "http";
  readonly paths: readonly string[];
}

/** One subscription a topic. */
export interface EventTrigger {
  readonly kind: "event";
  readonly topics: readonly ("metrics" | "anomalies" | "forecasts" | "alerts")[];
}

/** The ticks that Cloud Scheduler publishes: every minute, or every hour. */
export interface TickTrigger {
  readonly kind: "tick";
  readonly types: readonly ("tick.minute" | "tick.hour")[];
}

export type Queue = "intentvision-notify";

export type Secret =
  | "intentvision-turso-url"
  | "intentvision-turso-token"
  | "intentvision-api-key-salt"
  | "intentvision-channel-key"
  | "intentvision-channel-key-previous"
  | "intentvision-timegpt-key"
  | "intentvision-smtp-password"
  | "intentvision-email-key";

const DATABASE = ["intentvision-turso-url", "intentvision-turso-token"] as const;
const KEYS = [...DATABASE, "intentvision-api-key-salt"] as const;
/** The previous key is there during a rotation alone. */
const CHANNEL_KEY = ["intentvision-channel-key", "intentvision-channel-key-previous"] as const;
const CHANNELS = [...KEYS, ...CHANNEL_KEY] as const;
/** Where there is none, TimeGPT is not a backend. */
const TIMEGPT = "intentvision-timegpt-key" as const;
/** Where there is no password, the operator's mail server is not signed in to; the key is that of a provider in its place. */
const MAIL = ["intentvision-smtp-password", "intentvision-email-key"] as const;

/** What is due in less than a minute, which the ticks are too seldom for. */
const NOTIFY_QUEUE = "intentvision-notify" as const;

const http = (...paths: readonly string[]): HttpTrigger => ({ kind: "http", paths });
/** A resource at its own path and everything below it. */
const resource = (name: string) => [`/api/v1/${name}`, `/api/v1/${name}/**`];
const small = { memoryMiB: 256, timeoutS: 60 } as const;

/** Every function there is, by the name it is deployed under. */
export const manifest: Readonly<Record<string, ManifestEntry>> = {
  ingest: {
    file: "ingest/http.ts",
    summary: "Takes metrics in, as JSON, Prometheus remote_write, OTLP or Influx lines; dead letters of points",
    trigger: http(
      "/api/v1/ingest",
      "/api/v1/write",
      "/api/v1/otlp/v1/metrics",
      "/v1/metrics",
      "/api/v2/write",
      "/write",
      "/query",
      "/ping",
      ...resource("dead-letters"),
    ),
    memoryMiB: 512,
    timeoutS: 60,
    secrets: KEYS,
  },
  series: {
    file: "series/http.ts",
    summary: "Lists series, reads their points and scores, says what they are and how they are scored; usage and retention",
    trigger: http(...resource("series"), "/api/v1/usage", "/api/v1/retention"),
    memoryMiB: 512,
    timeoutS: 60,
    secrets: KEYS,
  },
  forecast: {
    file: "forecast/http.ts",
    summary: "Forecasts a series on demand; the forecasts made, the backends there are, and how well they do",
    trigger: http(...resource("forecasts"), "/api/v1/forecast-backends", "/api/v1/forecast-accuracy", "/api/v1/evaluations"),
    memoryMiB: 512,
    timeoutS: 120,
    secrets: [...KEYS, TIMEGPT],
  },
  "forecast-requested": {
    file: "forecast/event.ts",
    summary: "Makes the forecasts that were asked for without waiting, and those of jobs, some series at a time",
    trigger: { kind: "event", topics: ["forecasts"] },
    memoryMiB: 512,
    timeoutS: 300,
    secrets: [...DATABASE, TIMEGPT],
  },
  "forecast-due": {
    file: "forecast/tick.ts",
    summary: "Begins the forecast jobs that are due; takes up again what was lost or failed",
    trigger: { kind: "tick", types: ["tick.minute", "tick.hour"] },
    memoryMiB: 512,
    timeoutS: 300,
    secrets: [...DATABASE, TIMEGPT],
  },
  "forecast-evaluate": {
    file: "forecast-evaluate/tick.ts",
    summary: "Measures forecasts by what came; drops old ones",
    trigger: { kind: "tick", types: ["tick.hour"] },
    memoryMiB: 512,
    timeoutS: 300,
    secrets: DATABASE,
  },
  "forecast-jobs": {
    file: "forecast-jobs/http.ts",
    summary: "Jobs that forecast many series on a schedule, and how far their runs are",
    trigger: http(...resource("forecast-jobs")),
    ...small,
    secrets: [...KEYS, TIMEGPT],
  },
  detect: {
    file: "detect/http.ts",
    summary: "Scores points on demand; the anomalies that live detection found, what people say of them, and how many they are told of",
    trigger: http(...resource("detections"), ...resource("anomalies"), "/api/v1/detection-budget"),
    memoryMiB: 512,
    timeoutS: 120,
    secrets: [...KEYS, TIMEGPT],
  },
  "detect-ingested": {
    file: "detect/event.ts",
    summary: "Scores points as they come in; learns series anew",
    trigger: { kind: "event", topics: ["metrics"] },
    memoryMiB: 512,
    timeoutS: 300,
    secrets: DATABASE,
  },
  "detect-due": {
    file: "detect/tick.ts",
    summary: "Scores points that came before their time, once it has come",
    trigger: { kind: "tick", types: ["tick.minute"] },
    memoryMiB: 512,
    timeoutS: 300,
    secrets: DATABASE,
  },
  "detection-settings": {
    file: "detection-settings/http.ts",
    summary: "How the series that selectors pick are scored",
    trigger: http(...resource("detection-settings")),
    ...small,
    secrets: KEYS,
  },
  // Before the rules: of two rewrites that take a path in, the first one counts.
  "rule-backtest": {
    file: "rule-backtest/http.ts",
    summary: "Tries rules on stored points: a backtest, or a sweep over settings",
    trigger: http("/api/v1/rules/backtest", "/api/v1/rules/sweep"),
    memoryMiB: 1_024,
    timeoutS: 300,
    secrets: KEYS,
  },
  rules: {
    file: "rules/http.ts",
    summary: "Alert rules, and previews of what their annotations say",
    trigger: http(...resource("rules"), "/api/v1/templates/**"),
    ...small,
    secrets: KEYS,
  },
  "alert-evaluate": {
    file: "alert-evaluate/event.ts",
    summary: "Evaluates rules when points, anomalies or forecasts have come in",
    trigger: { kind: "event", topics: ["metrics", "anomalies", "forecasts"] },
    memoryMiB: 512,
    timeoutS: 300,
    secrets: DATABASE,
  },
  "alert-evaluate-due": {
    file: "alert-evaluate/tick.ts",
    summary: "Evaluates the rules that are due",
    trigger: { kind: "tick", types: ["tick.minute"] },
    memoryMiB: 512,
    timeoutS: 300,
    secrets: DATABASE,
  },
  alerts: {
    file: "alerts/http.ts",
    summary: "Alerts: list, acknowledge, resolve, draw",
    trigger: http(...resource("alerts")),
    memoryMiB: 512,
    timeoutS: 60,
    secrets: KEYS,
    charts: true,
  },
  channels: {
    file: "channels/http.ts",
    summary: "The channels that people are told on, with a test",
    trigger: http(...resource("channels")),
    ...small,
    secrets: CHANNELS,
    enqueuesTo: NOTIFY_QUEUE,
  },
  "alert-policies": {
    file: "alert-policies/http.ts",
    summary: "Whom to tell of which alerts, and when not: routes, silences, mute windows, inhibitions, each with its history",
    trigger: http(...resource("routes"), ...resource("silences"), ...resource("mute-windows"), ...resource("inhibitions")),
    ...small,
    secrets: KEYS,
    enqueuesTo: NOTIFY_QUEUE,
  },
  "change-events": {
    file: "change-events/http.ts",
    summary: "What was changed in what is watched: deployments, flags, configuration; alerts near a change name it",
    trigger: http(...resource("change-events")),
    ...small,
    secrets: KEYS,
  },
  "change-events-due": {
    file: "change-events/tick.ts",
    summary: "Forgets old change events",
    trigger: { kind: "tick", types: ["tick.hour"] },
    memoryMiB: 256,
    timeoutS: 300,
    secrets: DATABASE,
  },
  notify: {
    file: "notify/event.ts",
    summary: "Groups alerts that have changed, and asks for them to be told in time",
    trigger: { kind: "event", topics: ["alerts"] },
    memoryMiB: 256,
    timeoutS: 120,
    secrets: DATABASE,
    enqueuesTo: NOTIFY_QUEUE,
  },
  "notify-due": {
    file: "notify/tick.ts",
    summary: "Sends what is due: flushes of groups, retries of deliveries; forgets old deliveries",
    trigger: { kind: "tick", types: ["tick.minute", "tick.hour"] },
    memoryMiB: 512,
    timeoutS: 300,
    secrets: [...DATABASE, ...CHANNEL_KEY, ...MAIL],
    charts: true,
    enqueuesTo: NOTIFY_QUEUE,
    calledBy: NOTIFY_QUEUE,
  },
  deliveries: {
    file: "notify/http.ts",
    summary: "What was sent, or is still to be sent; the inbox",
    trigger: http(...resource("deliveries"), ...resource("inbox")),
    ...small,
    secrets: KEYS,
    enqueuesTo: NOTIFY_QUEUE,
  },
  watchdog: {
    file: "watchdog/http.ts",
    summary: "The heartbeat of an organisation, and whether it beats",
    trigger: http("/api/v1/watchdog"),
    ...small,
    secrets: CHANNELS,
    enqueuesTo: NOTIFY_QUEUE,
  },
  "watchdog-due": {
    file: "watchdog/tick.ts",
    summary: "Sends the heartbeats that are due, where evaluation, detection and delivery work",
    trigger: { kind: "tick", types: ["tick.minute"] },
    memoryMiB: 256,
    timeoutS: 300,
    secrets: [...DATABASE, ...CHANNEL_KEY],
    enqueuesTo: NOTIFY_QUEUE,
  },
  relay: {
    file: "relay/tick.ts",
    summary: "Publishes what the outbox still holds, and forgets what is done",
    trigger: { kind: "tick", types: ["tick.minute", "tick.hour"] },
    memoryMiB: 256,
    timeoutS: 300,
    secrets: DATABASE,
  },
  "event-dead-letters": {
    file: "relay/http.ts",
    summary: "Events that a consumer gave up on: list, replay, drop",
    trigger: http(...resource("event-dead-letters")),
    ...small,
    secrets: KEYS,
  },
  compact: {
    file: "compact/event.ts",
    summary: "Moves a full write log into chunks",
    trigger: { kind: "event", topics: ["metrics"] },
    memoryMiB: 1_024,
    timeoutS: 300,
    secrets: DATABASE,
  },
  "compact-due": {
    file: "compact/tick.ts",
    summary: "Moves what is left in write logs into chunks; drops what is past its retention",
    trigger: { kind: "tick", types: ["tick.minute", "tick.hour"] },
    memoryMiB: 1_024,
    timeoutS: 300,
    secrets: DATABASE,
  },
  keys: {
    file: "keys/http.ts",
    summary: "API keys of an organisation",
    trigger: http(...resource("keys")),
    ...small,
    secrets: KEYS,
  },
  orgs: {
    file: "orgs/http.ts",
    summary: "Organisations: create one as the platform, read one's own",
    trigger: http("/api/v1/org", "/api/v1/orgs"),
    ...small,
    secrets: KEYS,
  },
  health: {
    file: "health/http.ts",
    summary: "Liveness and readiness",
    trigger: http("/health", "/health/**"),
    ...small,
    secrets: DATABASE,
  },
  reference: {
    file: "reference/http.ts",
    summary: "The OpenAPI document and its rendered reference",
    trigger: http("/api/v1/openapi.json", "/docs", "/docs/**"),
    ...small,
    secrets: [],
  },
};
