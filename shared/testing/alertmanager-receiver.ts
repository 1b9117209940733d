import * as v from "valibot";
import { isTaken, startHttpReceiver } from "./http-receiver.ts";
import type { HttpReceiver, ReceivedRequest } from "./http-receiver.ts";

const labels = v.pipe(
  v.record(v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/)), v.string()),
  v.check((texts) => Object.values(texts).every((text) => text.isWellFormed()), "valid UTF-8"),
);
const Pushed = v.pipe(
  v.strictObject({
    labels: v.pipe(
      labels,
      v.check((texts) => Object.values(texts).some((text) => text !== ""), "at least one label"),
    ),
    annotations: labels,
    startsAt: v.pipe(v.string(), v.isoTimestamp()),
    endsAt: v.pipe(v.string(), v.isoTimestamp()),
    generatorURL: v.optional(v.pipe(v.string(), v.url())),
  }),
  v.check(({ startsAt, endsAt }) => Date.parse(startsAt) <= Date.parse(endsAt), "start time must be before end time"),
);
const Push = v.array(Pushed);
export type PushedAlert = v.InferOutput<typeof Pushed>;

interface ReceivedPush extends ReceivedRequest {
  /** null where the body is none that an Alertmanager takes. */
  readonly alerts: readonly PushedAlert[] | null;
  readonly taken: boolean;
}

export interface AlertmanagerReceiver extends HttpReceiver {
  /** What a channel is given. */
  readonly base: string;
  /** Every request, in the order of arrival. */
  requests(): readonly ReceivedPush[];
  /** The alerts that fire at a time, Unix ms: of each set of labels the push that ends last. */
  firing(at: number): readonly PushedAlert[];
}

/**
 * Starts a receiver of Alertmanager's API v2, below a path of its own: it takes what an Alertmanager takes, and knows what fires.
 * @param options.authorization - The header that it wants; without it, nobody has to sign in.
 */
export async function startAlertmanagerReceiver(
  options: { readonly authorization?: string; readonly now?: () => number } = {},
): Promise<AlertmanagerReceiver> {
  const { authorization } = options;
  const requests: ReceivedPush[] = [];
  const known = new Map<string, PushedAlert>();
  const receiver = await startHttpReceiver(
    (request, told) => {
      const alerts = parse(request);
      const isTrusted = authorization === undefined || request.headers["authorization"] === authorization;
      const judged = isTrusted ? (alerts === null ? { status: 400, body: '"bad request"' } : { status: 200 }) : { status: 401 };
      const answer = told ?? judged;
      const taken = isTaken(answer);
      if (taken) for (const alert of alerts ?? []) known.set(keyOf(alert), alert);
      requests.push({ ...request, alerts, taken });
      return answer;
    },
    "/alertmanager/",
    options.now,
  );
  return {
    ...receiver,
    base: receiver.url,
    requests: () => requests,
    firing: (at) => [...known.values()].filter(({ endsAt }) => Date.parse(endsAt) > at),
  };
}

function parse({ method, path, headers, body }: ReceivedRequest): readonly PushedAlert[] | null {
  if (method !== "POST" || path !== "/alertmanager/api/v2/alerts" || headers["content-type"] !== "application/json") return null;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Push), body);
  return parsed.success ? parsed.output : null;
}

const keyOf = ({ labels: texts }: PushedAlert) => JSON.stringify(Object.entries(texts).toSorted(([a], [b]) => (a < b ? -1 : 1)));
