import { Problem, PROBLEMS } from "../../shared/contract/problem.ts";
import { readInfluxBody } from "../../shared/core/ingest/influx-lines.ts";
import { gatherInflux } from "../../shared/core/ingest/influx-points.ts";
import type { RefusedLine } from "../../shared/core/ingest/influx-points.ts";
import { openIntake } from "../../shared/core/ingest/intake.ts";
import type { Intake } from "../../shared/core/ingest/intake.ts";
import type { Deps } from "../../shared/ports.ts";
import { door } from "../../shared/runtime/route.ts";
import type { Door, DoorAnswer, DoorRequest, TenantContext } from "../../shared/runtime/route.ts";
import { takeIn } from "./take-in.ts";

/**
 * The two versions of the protocol differ in the path, in the names of precisions, and in how they refuse.
 * @see https://docs.influxdata.com/influxdb/v1/api/write/ and https://docs.influxdata.com/influxdb/v2/api/ for the precisions. The servers of
 *   version 1 take `ns` for `n`, too.
 */
const VERSIONS = {
  1: {
    path: "/write",
    precisions: ["n", "ns", "u", "ms", "s", "m", "h"],
    refusal: (_status: number, message: string) => ({ error: message }),
  },
  2: {
    path: "/api/v2/write",
    precisions: ["ns", "us", "ms", "s"],
    refusal: (status: number, message: string) => ({ code: CODES[status] ?? "internal error", message }),
  },
} as const;
/** Of a precision that there is not, so much is quoted. */
const MOST_OF_PRECISION = 20;
/** Version 2's names of statuses. */
const CODES: Readonly<Record<number, string>> = {
  400: "invalid",
  401: "unauthorized",
  403: "forbidden",
  413: "request too large",
  415: "invalid",
  429: "too many requests",
  503: "unavailable",
};

const influx = (version: keyof typeof VERSIONS): Door =>
  door({
    method: "POST",
    path: VERSIONS[version].path,
    summary: `Influx line protocol, as clients of InfluxDB ${version} write it; fields that are strings are passed over`,
    scope: "write",
    takes: ["text/plain"],
    answers: { 204: "All lines are taken in" },
    problems: [],
    credentials: influxKey,

    async handle(request, context, deps) {
      const precision = precisionOf(request, VERSIONS[version].precisions);
      if (request.headers["content-encoding"] === "snappy") {
        throw new Problem("unsupported-media-type", "Send the lines as they are, or compressed by gzip.");
      }
      const { intake: brought, refused } = gatherLines(request.body, { precision, at: deps.clock.now() }, context, deps);
      const intake = await takeIn("influx", brought, context, deps);
      if (intake.rejections === 0) return { status: 204, headers: {}, body: null };
      // "partial write" is what Telegraf looks for: it then drops the batch, and does not send it again.
      return refusal(version, 400, `partial write: ${whatWentWrong(intake, brought, refused)} dropped=${intake.rejections}`);
    },

    refuse: ({ kind, detail }) => refusal(version, PROBLEMS[kind].status, detail),
  });

export const influxWrite = influx(1);
export const influxWrite2 = influx(2);

function refusal(version: keyof typeof VERSIONS, status: number, message: string): DoorAnswer {
  const headers = {
    "Content-Type": "application/json; charset=utf-8",
    "X-Influxdb-Error": message.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 500),
  };
  return { status, headers, body: JSON.stringify(VERSIONS[version].refusal(status, message)) };
}

function precisionOf({ query }: DoorRequest, known: readonly string[]): string {
  const precision = query.get("precision") || "ns";
  if (known.includes(precision)) return precision;
  const named = JSON.stringify(precision.slice(0, MOST_OF_PRECISION));
  throw new Problem("validation-failed", `The precision ${named} is not taken here; these are: ${known.join(", ")}.`);
}

/** The key as clients of InfluxDB send it: a token, the password of Basic, or `p` of the query. */
export function influxKey({ headers, query }: DoorRequest): string | null {
  const [, scheme, value] = /^(Token|Basic) +(\S+)$/i.exec(headers["authorization"] ?? "") ?? [];
  if (scheme === undefined) return query.get("p");
  // Clients of version 1.8 join user and password in a token.
  if (scheme.toLowerCase() === "token") return value!.slice(value!.lastIndexOf(":") + 1);
  return /^[^:]*:(.*)$/s.exec(Buffer.from(value!, "base64").toString())?.[1] ?? null;
}

/**
 * Reads lines, and makes points of them.
 * @param options.at - Unix ms: the time of lines that have none.
 * @returns The points, and the first lines that are not taken in.
 * @throws Problem too-large.
 */
export function gatherLines(
  body: Uint8Array,
  options: { readonly precision: string; readonly at: number },
  { org }: TenantContext,
  { store, clock }: Deps,
): { intake: Intake; refused: readonly RefusedLine[] } {
  const gather = openIntake(clock.now());
  const refused = gatherInflux(readInfluxBody(body, options.precision), options, gather, store.forOrg(org).series.resolve);
  if (!refused.ok) throw new Problem("too-large", refused.error);
  return { intake: gather.intake, refused: refused.value };
}

/** The first lines that are not taken in, and what became of the others. */
function whatWentWrong({ points, rejected, rejections }: Intake, brought: Intake, refused: readonly RefusedLine[]): string {
  const reasons = refused.map(({ number, reason }) => `line ${number}: ${reason}`);
  if (rejections > brought.rejections) reasons.push(...new Set(rejected.slice(brought.rejected.length).map(({ reason }) => reason)));
  return `${reasons.join("; ")}. ${points.timestamps.length} points were taken in; what was not is kept as dead letters.`;
}
