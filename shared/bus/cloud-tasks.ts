import { createHash } from "node:crypto";
import { Unavailable } from "../contract/problem.ts";
import type { Alarm, Clock, OperatorRequest } from "../ports.ts";
import { createGoogleCall } from "./google-call.ts";

const ENDPOINT = "https://cloudtasks.googleapis.com";
/** Whoever sets an alarm waits for it: what takes longer is left to the tick. */
const TIMEOUT_MS = 2_000;
/** Later than that there is a tick in between, which sets the alarm anew. */
const LONGEST_MS = 60_000;
/** Alarms within so long are one. */
const STEP_MS = 1_000;
/** An alarm is not set for a moment that Google's clock may have reached already: its task may be done, and its name taken. */
const LEAST_MS = 250;
/** Names that are not asked for again. */
const MOST_KNOWN = 1_000;

/** A queue of Cloud Tasks, and whom its tasks call. */
export interface TaskQueue {
  /** `projects/PROJECT/locations/LOCATION/queues/QUEUE`. */
  readonly queue: string;
  /** The address of `notify-due`, and the audience of the token that it is called with. */
  readonly url: string;
  /** The service account that may invoke it: its e-mail address. */
  readonly invoker: string;
  readonly emulatorHost: string | undefined;
}

/**
 * An alarm over Cloud Tasks: at its time a task hands a tick to `notify-due`, as Pub/Sub would. All alarms of a second are one task, by its
 * name, whoever sets them. One that cannot be set is told of and left to the minute's tick.
 *
 * @see https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create
 */
export function createCloudTasksAlarm({
  queue,
  url,
  invoker,
  emulatorHost,
  clock,
  request,
  onFailure,
}: TaskQueue & { clock: Clock; request: OperatorRequest; onFailure: (error: unknown) => void }): Alarm {
  const isEmulated = emulatorHost !== undefined;
  const endpoint = isEmulated ? `http://${emulatorHost}` : ENDPOINT;
  const call = createGoogleCall({ service: "Cloud Tasks", isEmulated, timeoutMs: TIMEOUT_MS, clock, request });
  const known = new Set<string>();

  return {
    async wakeAt(at) {
      const now = clock.now();
      if (at - now > LONGEST_MS) return;
      const due = Math.ceil(Math.max(at, now + LEAST_MS) / STEP_MS) * STEP_MS;
      const id = taskId(due);
      if (known.has(id)) return;
      try {
        await create(id, due);
        if (known.size >= MOST_KNOWN) known.clear();
        known.add(id);
      } catch (error) {
        onFailure(error);
      }
    },
  };

  async function create(id: string, due: number): Promise<void> {
    const tick = { message: { messageId: id, data: base64({ type: "tick.minute" }) } };
    const { status } = await call(`${endpoint}/v2/${queue}/tasks`, {
      task: {
        name: `${queue}/tasks/${id}`,
        scheduleTime: new Date(due).toISOString(),
        httpRequest: {
          url,
          httpMethod: "POST",
          headers: { "Content-Type": "application/json" },
          body: base64(tick),
          oidcToken: { serviceAccountEmail: invoker, audience: url },
        },
      },
    });
    // 409: somebody has set it already.
    if (status !== 200 && status !== 409) throw new Unavailable(`Cloud Tasks answered ${status}`, { retryable: true });
  }
}

/** The same for everybody, and hashed: names that follow one another make Cloud Tasks slow. */
const taskId = (due: number) => `due-${createHash("sha256").update(String(due)).digest("hex").slice(0, 16)}-${due}`;

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64");
