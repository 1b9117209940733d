import * as v from "valibot";
import { startHttpReceiver } from "./http-receiver.ts";
import type { Answer, HttpReceiver, ReceivedRequest } from "./http-receiver.ts";

export interface CloudTask {
  readonly name: string;
  readonly scheduleTime: string;
  readonly httpRequest: {
    readonly url: string;
    readonly httpMethod: string;
    readonly headers: Readonly<Record<string, string>>;
    /** In the clear. */
    readonly body: string;
    readonly oidcToken: { readonly serviceAccountEmail: string; readonly audience: string };
  };
}

/** Cloud Tasks with one queue, and the metadata server beside it. */
export interface CloudTasksServer extends HttpReceiver {
  /** In the order in which they were created. */
  tasks(): readonly CloudTask[];
  /** The status of each call, those for a token left out. */
  statuses(): readonly number[];
}

const ID = "[A-Za-z0-9_-]{1,500}";
const TOKEN = "ya29.of-the-tests";
const SCOPE = "/computeMetadata/v1/instance/service-accounts/default/token";
const base64 = v.pipe(v.string(), v.base64());
const Body = v.strictObject({
  task: v.strictObject({
    name: v.optional(v.string()),
    scheduleTime: v.optional(v.pipe(v.string(), v.isoTimestamp())),
    dispatchDeadline: v.optional(v.pipe(v.string(), v.regex(/^\d+(?:\.\d{1,9})?s$/))),
    httpRequest: v.strictObject({
      url: v.pipe(v.string(), v.url(), v.regex(/^https?:\/\//), v.maxLength(2_083)),
      httpMethod: v.optional(v.picklist(["POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])),
      headers: v.optional(v.record(v.string(), v.string())),
      body: v.optional(base64),
      oidcToken: v.optional(v.strictObject({ serviceAccountEmail: v.pipe(v.string(), v.email()), audience: v.optional(v.string()) })),
    }),
  }),
  responseView: v.optional(v.picklist(["VIEW_UNSPECIFIED", "BASIC", "FULL"])),
});

/**
 * Starts a server that judges calls of `tasks.create` by the published rules of its fields: 401 without its token, 404 for another queue, 400
 * for what is no task, 409 for a name that it knows, also of a task that is done.
 *
 * @param queue - `projects/P/locations/L/queues/Q`.
 * @see https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks
 */
export async function startCloudTasksServer(queue: string): Promise<CloudTasksServer> {
  const tasks: CloudTask[] = [];
  const statuses: number[] = [];
  const receiver = await startHttpReceiver((request, told) => {
    if (request.path === SCOPE) return tokenFor(request);
    const answer = told ?? create(request);
    statuses.push(answer.status ?? 200);
    return answer;
  }, "");
  return { ...receiver, tasks: () => tasks, statuses: () => statuses };

  function create({ method, path, headers, body }: ReceivedRequest): Answer {
    if (headers["authorization"] !== `Bearer ${TOKEN}`) return refused(401, "UNAUTHENTICATED");
    if (method !== "POST" || path !== `/v2/${queue}/tasks`) return refused(404, "NOT_FOUND");
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Body), body);
    if (!parsed.success || !/^application\/json\b/.test(headers["content-type"] ?? "")) return refused(400, "INVALID_ARGUMENT");
    const { task } = parsed.output;
    const name = task.name ?? `${queue}/tasks/${tasks.length}`;
    if (!new RegExp(`^${queue}/tasks/${ID}$`).test(name)) return refused(400, "INVALID_ARGUMENT");
    if (tasks.some((known) => known.name === name)) return refused(409, "ALREADY_EXISTS");
    const { body: sent = "" } = task.httpRequest;
    tasks.push({ ...task, name, httpRequest: { ...task.httpRequest, body: Buffer.from(sent, "base64").toString() } } as CloudTask);
    return { status: 200, body: JSON.stringify({ ...task, name, createTime: new Date(0).toISOString() }) };
  }
}

function tokenFor({ headers }: ReceivedRequest): Answer {
  if (headers["metadata-flavor"] !== "Google") return { status: 403 };
  return { status: 200, body: JSON.stringify({ access_token: TOKEN, expires_in: 3_599, token_type: "Bearer" }) };
}

const refused = (code: number, status: string): Answer => ({
  status: code,
  body: JSON.stringify({ error: { code, message: status, status } }),
});
