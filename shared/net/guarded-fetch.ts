import { lookup as resolve } from "node:dns";
import type { LookupAddress, LookupOptions } from "node:dns";
import { isIP } from "node:net";
import { Unavailable } from "../contract/problem.ts";
import type { GuardedFetch, OutgoingResponse } from "../ports.ts";
import { isPublicAddress } from "./guard.ts";

/**
 * Why an outgoing call has no answer. A retry may mend a timeout or the network, never a refused address. The message names the host
 * at most: the rest of a URL is often a secret.
 */
export class OutgoingCallError extends Unavailable {
  readonly kind: "refused-address" | "timeout" | "network";

  constructor(kind: OutgoingCallError["kind"], message: string) {
    super(message, { retryable: kind !== "refused-address" });
    this.name = "OutgoingCallError";
    this.kind = kind;
  }
}

type Resolve = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** As `net.connect` takes it. */
type Lookup = (
  hostname: string,
  options: LookupOptions,
  answer: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
) => void;

export interface GuardedFetchOptions {
  /** `host:port` of single hosts that may be called although they are not public, by that very name. */
  readonly allow: readonly string[];
  /** For the whole exchange, from the lookup to the end of the body; a request may ask for another. Default 10 s. */
  readonly timeoutMs?: number;
  /** What is kept of a body; the rest is not read. Default 64 KiB. */
  readonly maxResponseBytes?: number;
  /** Default: the system's resolver. */
  readonly lookup?: Resolve;
}

const TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 65_536;
/** Of a connection that nobody answered, which the whole exchange's limit may be too late to name. */
const CONNECT_TIMEOUTS: ReadonlySet<string> = new Set(["UND_ERR_CONNECT_TIMEOUT", "ETIMEDOUT"]);
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{1,60}$/;

/**
 * A fetch for addresses that tenants gave: it reaches the public internet only, follows no redirect, and ends in bounded time and size.
 *
 * Each call has its own connection, and what is checked is the address that it connects to. So no name can change its meaning after the
 * check, no connection that stood idle can break under a message, and tenants share nothing.
 *
 * @returns A fetch that throws OutgoingCallError, and nothing else, where there is no answer.
 * @throws Error when `allow` has an entry that is not `host:port`.
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { timeoutMs: defaultTimeoutMs = TIMEOUT_MS, maxResponseBytes = MAX_RESPONSE_BYTES } = options;
  const guard = createGuard(options);

  return async (address, request) => {
    const url = parseTarget(address);
    const lookup = guard(url);
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
    const { Client } = await import("undici");
    const client = new Client(url.origin, {
      allowH2: false,
      pipelining: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: timeoutMs, lookup },
    });
    const timeUp = () => new OutgoingCallError("timeout", `${url.host} did not answer within ${timeoutMs} ms`);
    const timer = setTimeout(() => void client.destroy(timeUp()), timeoutMs);
    try {
      const answer = await client.request({
        path: url.pathname + url.search,
        method: request.method ?? "GET",
        headers: { ...request.headers },
        body: request.body ?? null,
      });
      return {
        status: answer.statusCode,
        headers: joinHeaders(answer.headers),
        body: await readAtMost(answer.body, maxResponseBytes),
      };
    } catch (error) {
      if (error instanceof OutgoingCallError) throw error;
      const code = codeOf(error);
      throw CONNECT_TIMEOUTS.has(code) ? timeUp() : new OutgoingCallError("network", `${url.host} cannot be reached: ${code}`);
    } finally {
      clearTimeout(timer);
      void client.destroy();
    }
  };
}

/**
 * What tenants' addresses are held against.
 *
 * @returns For the host and port of a URL the lookup that a connection to it has to be made with. It throws OutgoingCallError where that
 *   is an address that is not public and not allowed; a name is judged by what the lookup answers.
 * @throws Error when `allow` has an entry that is not `host:port`.
 */
export function createGuard({ allow, lookup = resolve }: Pick<GuardedFetchOptions, "allow" | "lookup">): (url: URL) => Lookup {
  const allowed = new Set(allow.map(parseAllowed));
  return (url) => {
    const hostname = withoutBrackets(url.hostname);
    const isAllowed = allowed.has(hostAndPort(url));
    if (!isAllowed && isIP(hostname) !== 0 && !isPublicAddress(hostname)) throw notPublic(url.hostname);
    return isAllowed ? asConnectTakesIt(lookup) : checkedLookup(lookup);
  };
}

/**
 * Says of a URL what a guarded fetch would refuse of it without asking a resolver.
 * @throws Error when `allow` has an entry that is not `host:port`.
 */
export function createAddressRefusal({ allow }: Pick<GuardedFetchOptions, "allow">): (url: string) => string | null {
  const guard = createGuard({ allow });
  return (address) => {
    try {
      guard(parseTarget(address));
      return null;
    } catch (error) {
      if (error instanceof OutgoingCallError) return error.message;
      throw error;
    }
  };
}

/**
 * A lookup that answers only where every address is public. What it answers is what it checked: nobody resolves again before connecting.
 */
export function checkedLookup(lookup: Resolve): Lookup {
  return asConnectTakesIt((hostname, options, answer) => {
    lookup(hostname, options, (error, addresses) => {
      const refused = error === null && !addresses.every(({ address }) => isPublicAddress(address));
      answer(refused ? notPublic(hostname) : error, addresses);
    });
  });
}

/** Always asks for all addresses, and answers one or all of them as the caller wants. */
function asConnectTakesIt(lookup: Resolve): Lookup {
  return (hostname, options, answer) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null) answer(error, []);
      else if (first === undefined) answer(Object.assign(new Error("No address"), { code: "ENOTFOUND" }), []);
      else if (options.all === true) answer(null, addresses);
      else answer(null, first.address, first.family);
    });
  };
}

const notPublic = (host: string) => new OutgoingCallError("refused-address", `${host} is not on the public internet`);

function parseTarget(address: string): URL {
  const url = URL.parse(address);
  if (url === null) throw new OutgoingCallError("refused-address", "The address is not a URL");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new OutgoingCallError("refused-address", "Only http and https addresses are called");
  }
  if (url.username !== "" || url.password !== "") {
    throw new OutgoingCallError("refused-address", `An address may not carry credentials, as that of ${url.host} does`);
  }
  return url;
}

function parseAllowed(entry: string): string {
  const url = URL.parse(`http://${entry}`);
  if (url === null || !/:\d+$/.test(entry) || /[/@?#\\]/.test(entry)) throw new Error(`Not host:port: ${entry}`);
  return hostAndPort(url);
}

const hostAndPort = ({ hostname, port, protocol }: URL) => `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;

const withoutBrackets = (hostname: string) => (hostname.startsWith("[") ? hostname.slice(1, -1) : hostname);

const joinHeaders = (headers: Readonly<Record<string, string | string[] | undefined>>): OutgoingResponse["headers"] =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]));

/** Reads a body as UTF-8 up to a number of bytes; a character that the cut goes through is left out. */
async function readAtMost(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let left = maxBytes;
  for await (const chunk of body) {
    text += decoder.decode(chunk.subarray(0, left), { stream: true });
    left -= chunk.length;
    if (left <= 0) return text;
  }
  return text + decoder.decode();
}

/** What the system calls an error: a message may quote what was sent. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && SYSTEM_CODE.test(code) ? code : "the connection broke";
}
