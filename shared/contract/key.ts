import * as v from "valibot";
import { KeyId } from "./ids.ts";
import { name } from "./name.ts";
import { IsoTime, Time } from "./time.ts";

/** `*` stands for read, write and admin in its organisation; `platform` stands outside it. */
export const Scope = v.picklist(["read", "write", "admin", "*", "platform"]);
export type Scope = v.InferOutput<typeof Scope>;
/** The scopes that a tenant's key may carry. Who has `admin` makes keys of any of them: it is as strong as `*`, one step away. */
export const TenantScope = v.picklist(["read", "write", "admin", "*"]);

export const RateLimit = v.strictObject({
  requestsPerSecond: v.pipe(v.number(), v.minValue(0.01), v.maxValue(100_000)),
  burst: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)),
  pointsPerSecond: v.pipe(v.number(), v.minValue(1), v.maxValue(100_000_000)),
});
export type RateLimit = v.InferOutput<typeof RateLimit>;
export const DEFAULT_RATE_LIMIT: RateLimit = { requestsPerSecond: 100, burst: 200, pointsPerSecond: 200_000 };

export const KeyName = name(100);

export const CreateKey = v.strictObject({
  name: KeyName,
  scopes: v.pipe(v.array(TenantScope), v.minLength(1), v.maxLength(4)),
  expiresAt: v.optional(v.nullable(Time), null),
  rateLimit: v.optional(v.nullable(RateLimit), null),
});
export type CreateKey = v.InferOutput<typeof CreateKey>;

export const Key = v.strictObject({
  id: KeyId,
  name: KeyName,
  scopes: v.array(Scope),
  createdAt: IsoTime,
  expiresAt: v.nullable(IsoTime),
  revokedAt: v.nullable(IsoTime),
  lastUsedAt: v.nullable(IsoTime),
  rateLimit: v.nullable(RateLimit),
});
export type Key = v.InferOutput<typeof Key>;

/** The answer to a creation: the secret is shown once. */
export const CreatedKey = v.strictObject({ ...Key.entries, apiKey: v.string() });
export type CreatedKey = v.InferOutput<typeof CreatedKey>;
