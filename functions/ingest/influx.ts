import { Problem, PROBLEMS } from "../../shared/contract/problem.ts";
import { PRECISIONS, readInfluxLines } from "../../shared/core/ingest/influx-lines.ts";
import type { BadLine } from "../../shared/core/ingest/influx-lines.ts";
import { openIntake } from "../../shared/core/ingest/intake.ts";
import type { Intake } from "../../shared/core/ingest/intake.ts";
import { nameSeries } from "../../shared/core/ingest/names.ts";
import type { SeriesStore } from "../../shared/ports/points.ts";
import { door } from "../../shared/runtime/route.ts";
import type { Door, DoorAnswer, DoorRequest } from "../../shared/runtime/route.ts";
import { takeIn } from "./take-in.ts";

const MAX_LINES = 100_000;
const BAD_LINES_TOLD = 5;

/** The two versions of the protocol differ in the path, and in how they refuse. */
const VERSIONS = {
  1: { path: "/write", refusal: (_status: number, message: string) => ({ error: message }) },
  2: { path: "/api/v2/write", refusal: (status: number, message: string) => ({ code: CODES[status] ?? "internal error", message }) },
} as const;
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
      const precision = request.query.get("precision") ?? "ns";
      if (!PRECISIONS.includes(precision)) throw new Problem("validation-failed", `The precision is one of ${PRECISIONS.join(", ")}.`);
      const { brought, bad } = gatherLines(textOf(request), precision, deps.clock.now(), deps.store.forOrg(context.org).series);
      const intake = await takeIn("influx", brought, context, deps);
      if (intake.rejections === 0) return { status: 204, headers: {}, body: null };
      return refusal(version, 400, `partial write: ${whatWentWrong(intake, bad)} dropped=${intake.rejections}`);
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

/** The key as clients of InfluxDB send it: a token, the password of Basic, or `p` of the query. */
export function influxKey({ headers, query }: DoorRequest): string | null {
  const [, scheme, value] = /^(Token|Basic) +(\S+)$/i.exec(headers["authorization"] ?? "") ?? [];
  if (scheme === undefined) return query.get("p");
  if (scheme.toLowerCase() === "token") return value!;
  return /^[^:]*:(.*)$/s.exec(Buffer.from(value!, "base64").toString())?.[1] ?? null;
}

function textOf({ body }: DoorRequest): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (cause) {
    throw new Problem("malformed-request", "The body is not valid UTF-8.", { cause });
  }
}

function gatherLines(text: string, precision: string, now: number, { resolve }: SeriesStore): { brought: Intake; bad: readonly BadLine[] } {
  const { intake, add, reject } = openIntake(now);
  const bad: BadLine[] = [];
  let lines = 0;
  for (const line of readInfluxLines(text, precision)) {
    if (++lines > MAX_LINES) throw new Problem("too-large", `A request has at most ${MAX_LINES} lines.`);
    if (!line.ok) {
      if (bad.length < BAD_LINES_TOLD) bad.push(line.error);
      reject(line.error.reason, line.error.line);
      continue;
    }
    const { measurement, tags, fields, timestamp } = line.value;
    for (const [field, value] of fields) {
      const named = nameSeries(`${measurement}.${field}`, tags);
      if (named.ok) add(resolve(named.value.metricKey, named.value.dimensions), timestamp ?? now, value);
      else reject(named.error, { measurement, tags, field, value, timestamp });
    }
  }
  return { brought: intake, bad };
}

/** The first lines that could not be read, or else the first reasons of points that were not taken. */
function whatWentWrong({ rejected }: Intake, bad: readonly BadLine[]): string {
  if (bad.length > 0) return bad.map(({ number, reason }) => `line ${number}: ${reason}`).join("; ");
  return [...new Set(rejected.map(({ reason }) => reason))].slice(0, BAD_LINES_TOLD).join("; ");
}
