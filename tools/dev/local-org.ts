import type { KeyId, OrgId } from "../../shared/contract/ids.ts";
import { isoTime } from "../../shared/contract/time.ts";
import type { PlatformStore } from "../../shared/ports/store.ts";
import { hashApiKey } from "../../shared/runtime/auth.ts";
import type { Runtime } from "../../shared/runtime/runtime.ts";
import type { Secrets } from "./secrets.ts";

export interface LocalOrg {
  readonly id: OrgId;
  readonly keyId: KeyId;
}

/** The organisation of the local system and the two keys in its secrets: found, or made at a first start. */
export async function ensureLocalOrg(
  { orgs, keyRing }: PlatformStore,
  { salt, apiKey, platformKey }: Secrets,
  { newId }: Pick<Runtime, "newId">,
  now: number,
): Promise<LocalOrg> {
  const key = (name: string, secret: string) => ({
    id: newId<KeyId>("key"),
    name,
    hash: hashApiKey(secret, salt),
    rateLimit: null,
    createdAt: now,
    expiresAt: null,
  });
  await keyRing.insertPlatformKey({ ...key("platform", platformKey), scopes: ["platform"] });

  const known = await keyRing.find(hashApiKey(apiKey, salt));
  if (known?.org) return { id: known.org, keyId: known.id };
  const id = newId<OrgId>("org");
  const first = { ...key("local", apiKey), scopes: ["*"] as const };
  await orgs.create({ id, name: "Local", createdAt: isoTime(now) }, first);
  return { id, keyId: first.id };
}
