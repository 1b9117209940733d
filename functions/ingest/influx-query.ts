import * as v from "valibot";
import { Problem, PROBLEMS } from "../../shared/contract/problem.ts";
import { door, route } from "../../shared/runtime/route.ts";
import type { Door, DoorAnswer, DoorRequest } from "../../shared/runtime/route.ts";
import { influxKey } from "./influx.ts";

const CREATE_DATABASE = /^CREATE\s+DATABASE\s+(?:"(?:[^"\\]|\\.)+"|\w+)(?:\s+WITH\s[^;]+)?;?$/i;
/** Of a form, in bytes: a statement of this kind has a hundred. */
const MAX_FORM_BYTES = 16_384;

/** Writers of InfluxDB 1 make their database first. There is one already: the organisation of their key. */
const influxQuery = (method: "GET" | "POST"): Door =>
  door({
    method,
    path: "/query",
    summary: "InfluxDB 1's query interface, as far as writers need it: CREATE DATABASE is answered, and does nothing",
    scope: "write",
    takes: [],
    answers: { 200: "The empty result" },
    problems: [],
    credentials: influxKey,

    async handle(request) {
      if (!CREATE_DATABASE.test(statementOf(request)))
        throw new Problem("validation-failed", "Of queries, CREATE DATABASE alone is taken here.");
      return answer(200, { results: [{ statement_id: 0 }] });
    },

    refuse: ({ kind, detail }) => answer(PROBLEMS[kind].status, { error: detail }),
  });

export const influxQueryByGet = influxQuery("GET");
export const influxQueryByPost = influxQuery("POST");

/** Clients show the version, some take no server for one that does not tell it; it is that of the interface which is spoken here. */
const INFLUXDB = { "X-Influxdb-Build": "OSS", "X-Influxdb-Version": "1.8.10" };

export const influxPing = route({
  method: "GET",
  path: "/ping",
  summary: "Says to clients of InfluxDB that somebody is there",
  scope: "none",
  input: v.object({}),
  output: null,
  headers: INFLUXDB,
  problems: [],

  handle: async () => null,
});

/** In the query, or in a form. */
function statementOf({ query, body }: DoorRequest): string {
  if (body.byteLength > MAX_FORM_BYTES) throw new Problem("too-large", `A query's form has at most ${MAX_FORM_BYTES} bytes.`);
  return (query.get("q") ?? new URLSearchParams(Buffer.from(body).toString()).get("q") ?? "").trim();
}

const answer = (status: number, body: object): DoorAnswer => ({
  status,
  headers: { "Content-Type": "application/json; charset=utf-8" },
  body: JSON.stringify(body),
});
