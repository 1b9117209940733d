import { expect, test } from "@jest/globals";
import { readConfig, readLocalConfig } from "./config.ts";

const SECRETS = [
  "intentvision-turso-url",
  "intentvision-turso-token",
  "intentvision-api-key-salt",
  "intentvision-channel-key",
  "intentvision-timegpt-key",
];
const env = {
  INTENTVISION_TURSO_URL: "libsql://db.example",
  INTENTVISION_API_KEY_SALT: "a-salt-of-sixteen",
  INTENTVISION_CHANNEL_KEY: Buffer.alloc(32, 7).toString("base64"),
};

test("only the secrets that the manifest gives are read", () => {
  const { databaseUrl, apiKeySalt, channelKey } = readConfig(["intentvision-turso-url"], env);
  expect([databaseUrl, apiKeySalt, channelKey]).toEqual(["libsql://db.example", "", null]);
});

test("bad keys are named, all of them, and their values are not", () => {
  const bad = {
    ...env,
    INTENTVISION_API_KEY_SALT: "short-secret",
    INTENTVISION_CHANNEL_KEY: "bm9wZQ==",
    LOG_LEVEL: "loud-secret",
    GUARDED_FETCH_ALLOW: "x-secret",
  };
  expect(() => readConfig(SECRETS, bad)).toThrow(
    "Missing or malformed configuration: LOG_LEVEL, GUARDED_FETCH_ALLOW, INTENTVISION_API_KEY_SALT, INTENTVISION_CHANNEL_KEY",
  );
  expect(() => readConfig(SECRETS, bad)).not.toThrow(/secret"|short|loud|bm9w/);
});

test("TimeGPT is asked at Nixtla with the default model, and only where it has a key", () => {
  expect(readConfig(SECRETS, env)).toMatchObject({
    forecastPreference: ["native"],
    timegpt: { apiKey: undefined, baseUrl: "https://api.nixtla.io", model: "timegpt-2.1" },
  });
  const given = {
    ...env,
    INTENTVISION_TIMEGPT_KEY: "nixak-1",
    INTENTVISION_TIMEGPT_URL: "http://127.0.0.1:8000/base/",
    INTENTVISION_TIMEGPT_MODEL: "timegpt-2-pro",
    INTENTVISION_FORECAST_PREFERENCE: "timegpt, native",
  };
  expect(readConfig(SECRETS, given)).toMatchObject({
    forecastPreference: ["timegpt", "native"],
    timegpt: { apiKey: "nixak-1", baseUrl: "http://127.0.0.1:8000/base", model: "timegpt-2-pro" },
  });
  expect(readConfig([], given).timegpt.apiKey).toBeUndefined();
});

test.each([
  ["INTENTVISION_TIMEGPT_KEY", "two words"],
  ["INTENTVISION_TIMEGPT_KEY", ""],
  ["INTENTVISION_TIMEGPT_URL", "api.nixtla.io"],
  ["INTENTVISION_TIMEGPT_URL", "file:///etc/passwd"],
  ["INTENTVISION_TIMEGPT_MODEL", "Time GPT"],
  ["INTENTVISION_STATSFORECAST_URL", "localhost:8090"],
  ["INTENTVISION_FORECAST_PREFERENCE", "oracle"],
  ["INTENTVISION_PAGERDUTY_URL", "events.pagerduty.com"],
  ["INTENTVISION_SMTP_PORT", "0"],
  ["INTENTVISION_SMTP_FROM", "alerts"],
])("%s=%s is refused by its name", (key, value) => {
  expect(() => readConfig(SECRETS, { ...env, [key]: value })).toThrow(`Missing or malformed configuration: ${key}`);
});

test("a mail server comes with whom its messages are from; its port says how it is spoken to", () => {
  const smtp = { INTENTVISION_SMTP_HOST: "smtp.example.com", INTENTVISION_SMTP_FROM: "IntentVision <alerts@example.com>" };
  const read = (more = {}) => readConfig(["intentvision-smtp-password"], { ...smtp, INTENTVISION_SMTP_PASSWORD: "p", ...more }).mail;
  expect(read()).toMatchObject({ host: "smtp.example.com", port: 587, security: "starttls", password: "p" });
  expect(read({ INTENTVISION_SMTP_PORT: "465" })).toMatchObject({ port: 465, security: "tls" });
  expect(read({ INTENTVISION_SMTP_HOST: undefined })).toBeNull();
  expect(() => read({ INTENTVISION_SMTP_FROM: undefined })).toThrow("Missing or malformed configuration: INTENTVISION_SMTP_FROM");
});

test("a deployed service refuses to start with the auth emulator, whose tokens are not signed", () => {
  const emulated = { ...env, K_SERVICE: "ingest", FIREBASE_AUTH_EMULATOR_HOST: "127.0.0.1:9099" };
  expect(() => readConfig(SECRETS, emulated)).toThrow("unsigned tokens");
});

test.each([
  [{}, { port: 8080, dataDir: "./data", underNpm: false }],
  [
    { PORT: "0", INTENTVISION_DATA_DIR: "/tmp/x", npm_lifecycle_event: "start", INTENTVISION_API_KEY: "iv_x" },
    { port: 0, dataDir: "/tmp/x", underNpm: true, apiKey: "iv_x" },
  ],
])("the local system reads %j as %j", (given, expected) => {
  expect(readLocalConfig(given)).toEqual(expected);
});

test.each(["-1", "65536", "http"])("PORT=%s is refused by its name", (PORT) => {
  expect(() => readLocalConfig({ PORT })).toThrow("Malformed configuration: PORT");
});

test("a channel key from before is read where there is one, and is another one", () => {
  const keys = ["intentvision-channel-key", "intentvision-channel-key-previous"];
  const before = { ...env, INTENTVISION_CHANNEL_KEY_PREVIOUS: Buffer.alloc(32, 8).toString("base64") };
  expect(readConfig(keys, env)).toMatchObject({ channelKey: new Uint8Array(32).fill(7), previousChannelKey: null });
  expect(readConfig(keys, before)).toMatchObject({ previousChannelKey: new Uint8Array(32).fill(8) });
  for (const bad of [env.INTENTVISION_CHANNEL_KEY, "bm9wZQ=="]) {
    expect(() => readConfig(keys, { ...env, INTENTVISION_CHANNEL_KEY_PREVIOUS: bad })).toThrow(/: INTENTVISION_CHANNEL_KEY_PREVIOUS$/);
  }
});

test("alarms are tasks of a queue where one is named, with whom to call and as whom", () => {
  const queue = "projects/prod/locations/europe-west1/queues/intentvision-notify";
  const given = {
    ...env,
    CLOUD_TASKS_QUEUE: queue,
    CLOUD_TASKS_URL: "https://notify-due.example",
    CLOUD_TASKS_INVOKER: "invoker@example.com",
  };
  expect(readConfig([], env).taskQueue).toBeNull();
  expect(readConfig([], given).taskQueue).toEqual({ queue, url: "https://notify-due.example", invoker: "invoker@example.com" });
  expect(() => readConfig([], { CLOUD_TASKS_QUEUE: queue })).toThrow("CLOUD_TASKS_URL, CLOUD_TASKS_INVOKER");
  expect(() => readConfig([], { ...given, CLOUD_TASKS_QUEUE: "intentvision-notify" })).toThrow("CLOUD_TASKS_QUEUE");
});

test("e-mail goes by a provider where one is named, with its key and a sender, and not by a mail server too", () => {
  const key = ["intentvision-email-key"];
  const given = { INTENTVISION_EMAIL_PROVIDER: "resend", INTENTVISION_EMAIL_FROM: "Ops <ops@example.com>", INTENTVISION_EMAIL_KEY: "re_1" };
  expect(readConfig(key, given).mail).toEqual({ provider: "resend", apiKey: "re_1", from: "Ops <ops@example.com>" });
  expect(readConfig([], given).mail).toBeNull();
  expect(() => readConfig(key, { INTENTVISION_EMAIL_PROVIDER: "resend" })).toThrow("INTENTVISION_EMAIL_FROM, INTENTVISION_EMAIL_KEY");
  const both = { ...given, INTENTVISION_SMTP_HOST: "smtp.example.com", INTENTVISION_SMTP_FROM: "ops@example.com" };
  expect(() => readConfig(key, both)).toThrow("INTENTVISION_EMAIL_PROVIDER");
});
