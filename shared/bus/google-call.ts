import { Unavailable } from "../contract/problem.ts";
import type { Clock, OperatorCall, OperatorRequest } from "../ports.ts";

const TOKEN_URL = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
/** A token is renewed so long before it ends. */
const RENEW_BEFORE_MS = 60_000;

/** Posts JSON to one of Google's REST interfaces. @throws Unavailable when there is no answer. */
export type GoogleCall = (url: string, body: object) => ReturnType<OperatorRequest>;

/**
 * Calls a service of Google's over REST, as the service account that this process runs as: its client library would be most of a cold start.
 *
 * @param options.service - What it is called in errors.
 * @param options.isEmulated - An emulator asks for no token.
 * @param options.timeoutMs - Of each request: there are two where a token is to be had first.
 */
export function createGoogleCall({
  service,
  isEmulated,
  timeoutMs,
  clock,
  request,
}: {
  service: string;
  isEmulated: boolean;
  timeoutMs: number;
  clock: Clock;
  request: OperatorRequest;
}): GoogleCall {
  let token: { value: string; until: number } | null = null;

  return async (url, body) => {
    const answer = await call(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(await authorization()) },
      body: JSON.stringify(body),
    });
    if (answer.status === 401) token = null;
    return answer;
  };

  async function authorization(): Promise<Record<string, string>> {
    if (isEmulated) return {};
    if (token === null || token.until - RENEW_BEFORE_MS <= clock.now()) {
      const { status, body } = await call(TOKEN_URL, { headers: { "Metadata-Flavor": "Google" } });
      if (status !== 200) throw new Unavailable(`The metadata server answered ${status}`, { retryable: true });
      const { access_token: value, expires_in: seconds } = JSON.parse(body) as { access_token: string; expires_in: number };
      token = { value, until: clock.now() + seconds * 1_000 };
    }
    return { Authorization: `Bearer ${token.value}` };
  }

  async function call(url: string, own: Omit<OperatorCall, "timeoutMs">): ReturnType<OperatorRequest> {
    try {
      return await request(url, { ...own, timeoutMs });
    } catch (error) {
      throw new Unavailable(`${service} cannot be reached`, { retryable: true, cause: error });
    }
  }
}
