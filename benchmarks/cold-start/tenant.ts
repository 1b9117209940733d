import { randomBytes } from "node:crypto";
import type { KeyId, OrgId } from "../../shared/contract/ids.ts";
import { isoTime } from "../../shared/contract/time.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { apiKeyOf, hashApiKey } from "../../shared/runtime/auth.ts";
import { openDatabase } from "../../shared/store/database.ts";
import { migrate } from "../../shared/store/migrate.ts";
import { createStores } from "../../shared/store/store.ts";

const MIGRATIONS = new URL("../../migrations/", import.meta.url);

export interface Keys {
  /** Of the organisation. */
  readonly apiKey: string;
  readonly platformKey: string;
}

/** A database with one organisation, its key and the platform's, and the environment that a deployed function is given. */
export async function makeTenant(path: string, pubsubHost: string): Promise<Keys & { readonly env: Readonly<Record<string, string>> }> {
  const now = Date.now();
  const url = `file:${path}`;
  const salt = randomBytes(32).toString("base64");
  const [apiKey, platformKey] = [apiKeyOf(randomBytes(24)), apiKeyOf(randomBytes(24))];
  const database = await openDatabase({ url });
  await migrate(database, MIGRATIONS, now);
  const { platform } = createStores(database)({ newId: (prefix) => hashId(prefix, [now]), traceparent: null, committed: [] });
  const more = { name: "benchmark", rateLimit: null, createdAt: now, expiresAt: null };
  await platform.orgs.create(
    { id: hashId<OrgId>("org", [now]), name: "Benchmark", createdAt: isoTime(now) },
    { ...more, id: hashId<KeyId>("key", [now]), hash: hashApiKey(apiKey, salt), scopes: ["*"] },
  );
  await platform.keyRing.insertPlatformKey({
    ...more,
    id: hashId<KeyId>("key", [now, "platform"]),
    hash: hashApiKey(platformKey, salt),
    scopes: ["platform"],
  });
  database.close();
  const env = {
    INTENTVISION_TURSO_URL: url,
    INTENTVISION_API_KEY_SALT: salt,
    INTENTVISION_CHANNEL_KEY: randomBytes(32).toString("base64"),
    PUBSUB_PROJECT: "benchmark",
    PUBSUB_EMULATOR_HOST: pubsubHost,
    NODE_ENV: "production",
  };
  return { env, apiKey, platformKey };
}
