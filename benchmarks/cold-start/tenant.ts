import { randomBytes } from "node:crypto";
import type { KeyId, OrgId } from "../../shared/contract/ids.ts";
import { isoTime } from "../../shared/contract/time.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { apiKeyOf, hashApiKey } from "../../shared/runtime/auth.ts";
import { openDatabase } from "../../shared/store/database.ts";
import { migrate } from "../../shared/store/migrate.ts";
import { createStores } from "../../shared/store/store.ts";

const MIGRATIONS = new URL("../../migrations/", import.meta.url);

/** A database with one organisation and its key, and the environment that a deployed function is given. */
export async function makeTenant(path: string, pubsubHost: string): Promise<{ env: Readonly<Record<string, string>>; apiKey: string }> {
  const now = Date.now();
  const url = `file:${path}`;
  const [salt, apiKey] = [randomBytes(32).toString("base64"), apiKeyOf(randomBytes(24))];
  const database = await openDatabase({ url });
  await migrate(database, MIGRATIONS, now);
  const { platform } = createStores(database)({ newId: (prefix) => hashId(prefix, [now]), traceparent: null, committed: [] });
  const key = { id: hashId<KeyId>("key", [now]), name: "benchmark", hash: hashApiKey(apiKey, salt), scopes: ["*"] as const };
  await platform.orgs.create(
    { id: hashId<OrgId>("org", [now]), name: "Benchmark", createdAt: isoTime(now) },
    { ...key, rateLimit: null, createdAt: now, expiresAt: null },
  );
  database.close();
  const env = {
    INTENTVISION_TURSO_URL: url,
    INTENTVISION_API_KEY_SALT: salt,
    INTENTVISION_CHANNEL_KEY: randomBytes(32).toString("base64"),
    PUBSUB_PROJECT: "benchmark",
    PUBSUB_EMULATOR_HOST: pubsubHost,
    NODE_ENV: "production",
  };
  return { env, apiKey };
}
