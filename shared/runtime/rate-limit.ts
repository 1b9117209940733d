import { DEFAULT_RATE_LIMIT } from "../contract/key.ts";
import type { RateLimit } from "../contract/key.ts";
import { Problem } from "../contract/problem.ts";

/** A bucket that fills steadily and is emptied in gulps. */
interface Bucket {
  tokens: number;
  /** Unix ms. */
  filledAt: number;
}

interface Allowance {
  readonly limit: RateLimit;
  readonly requests: Bucket;
  readonly points: Bucket;
}

export interface Taken {
  /** RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10). */
  readonly headers: Readonly<Record<string, string>>;
  /** There was none to take: with the seconds to wait. */
  readonly refused: Problem | null;
  /** @throws Problem rate-limited. */
  takePoints(n: number): void;
}

const MOST_KEYS = 100_000;
/** Points may come in one gulp of so many seconds' worth. */
const POINT_BURST_S = 2;

/**
 * One token bucket a key for requests and one for points, in this instance's memory: with several instances the limit is best effort.
 */
export function createRateLimiter(now: () => number) {
  const allowances = new Map<string, Allowance>();

  return {
    /** Takes one request from a key's bucket, if there is one. */
    take(key: string, limit: RateLimit = DEFAULT_RATE_LIMIT): Taken {
      const allowance = allowanceOf(key, limit);
      const { requestsPerSecond, burst, pointsPerSecond } = limit;
      const windowS = Math.max(1, Math.round(burst / requestsPerSecond));
      const name = `${requestsPerSecond} requests a second, bursts of ${burst}`;
      const refused = take(allowance.requests, 1, requestsPerSecond, burst, now(), name);
      return {
        refused,
        headers: {
          "RateLimit-Policy": `"requests";q=${burst};w=${windowS}`,
          RateLimit: `"requests";r=${Math.floor(allowance.requests.tokens)};t=${Math.ceil((burst - allowance.requests.tokens) / requestsPerSecond)}`,
        },
        takePoints(n) {
          const most = pointsPerSecond * POINT_BURST_S;
          const tooMany = take(allowance.points, n, pointsPerSecond, most, now(), `${pointsPerSecond} points a second`);
          if (tooMany !== null) throw tooMany;
        },
      };
    },
  };

  function allowanceOf(key: string, limit: RateLimit): Allowance {
    const present = allowances.get(key);
    if (present !== undefined && JSON.stringify(present.limit) === JSON.stringify(limit)) return present;
    if (allowances.size >= MOST_KEYS) allowances.delete(allowances.keys().next().value!);
    const at = now();
    const allowance = {
      limit,
      requests: { tokens: limit.burst, filledAt: at },
      points: { tokens: limit.pointsPerSecond * POINT_BURST_S, filledAt: at },
    };
    allowances.set(key, allowance);
    return allowance;
  }
}

export type RateLimiter = ReturnType<typeof createRateLimiter>;

/** No bucket at all: for the key of the local system. */
export const UNLIMITED: Taken = { headers: {}, refused: null, takePoints: () => {} };

function take(bucket: Bucket, n: number, perSecond: number, most: number, at: number, name: string): Problem | null {
  bucket.tokens = Math.min(most, bucket.tokens + (Math.max(0, at - bucket.filledAt) / 1_000) * perSecond);
  bucket.filledAt = at;
  // A gulp larger than the bucket passes when the bucket is full, and leaves it in debt: it could never pass otherwise.
  if (bucket.tokens < Math.min(n, most)) {
    const waitS = Math.max(1, Math.ceil((Math.min(n, most) - bucket.tokens) / perSecond));
    return new Problem("rate-limited", `The limit of this key is ${name}.`, { members: { retryAfterS: waitS } });
  }
  bucket.tokens -= n;
  return null;
}
