import { manifest } from "../../functions/manifest.ts";
import type { Topic } from "../contract/events.ts";
import { topicOf } from "../contract/events.ts";
import type { Event } from "../contract/events.ts";
import { nativeForecaster } from "../forecasters/native.ts";
import { createForecasters } from "../forecasters/registry.ts";
import type { EventFunction, FunctionDefinition, HttpFunction, Route } from "../runtime/route.ts";
import { startHarness, testEvent } from "./harness.ts";
import type { Harness } from "./harness.ts";
import { startHttp } from "./http.ts";
import type { TestAnswer, TestHttp, TestRequest } from "./http.ts";

/** Every function of the manifest over one harness: requests find their function, events are handed on until there are none. */
export interface TestSystem {
  readonly harness: Harness;
  readonly http: TestHttp;
  /** Every route there is, with the name of its function. */
  readonly routes: readonly { readonly name: string; readonly route: Route }[];
  request(method: string, url: string, request?: TestRequest): Promise<TestAnswer>;
  /** Hands every pending event to all that want it, and what they cause, until none is pending. */
  drain(): Promise<void>;
  /** Makes one minute's tick and works it off. */
  tick(): Promise<void>;
}

export async function startSystem(options: { now?: number } = {}): Promise<TestSystem> {
  const harness = await startHarness({ ...options, forecasters: createForecasters([nativeForecaster]) });
  const http = startHttp(harness);
  const functions = await Promise.all(
    Object.entries(manifest).map(async ([name, { file, trigger }]) => {
      const { default: definition } = (await import(`../../functions/${file}`)) as { default: FunctionDefinition };
      const topics: readonly Topic[] = trigger.kind === "event" ? trigger.topics : trigger.kind === "tick" ? ["ticks"] : [];
      return { name, definition, topics };
    }),
  );
  const doors = functions.filter((one): one is typeof one & { definition: HttpFunction } => one.definition.kind === "http");
  const consumers = functions.filter((one): one is typeof one & { definition: EventFunction } => one.definition.kind === "event");
  const all: HttpFunction = { kind: "http", routes: doors.flatMap(({ definition }) => definition.routes) };

  const notifyDue = functions.find(({ name }) => name === "notify-due")!.definition as EventFunction;
  let rung = 0;
  /** Answers the alarms that were set for now, as the local system does. */
  const answerAlarms = async (): Promise<boolean> => {
    const isDue = harness.alarms.slice(rung).some((at) => at <= harness.clock.now());
    if (isDue) await harness.deliver(notifyDue, testEvent("tick.minute", null, {}, harness.clock.now()));
    rung = harness.alarms.length;
    return isDue;
  };
  const drain = async () => {
    const { events } = harness.deps.store.platform;
    for (;;) {
      const rows = await events.pending({ after: 0, limit: 100 });
      if (rows.length === 0 && !(await answerAlarms())) return;
      for (const { event } of rows) await handOver(event);
      await events.markPublished(
        rows.map(({ event }) => event.id),
        harness.clock.now(),
      );
    }
  };
  const handOver = async (event: Event) => {
    for (const { definition, topics } of consumers) {
      if (topics.includes(topicOf(event.type))) await harness.deliver(definition, event);
    }
  };
  return {
    harness,
    http,
    routes: doors.flatMap(({ name, definition }) => definition.routes.map((route) => ({ name, route }))),
    request: (method, url, request) => http.request(all, method, url, request),
    drain,
    async tick() {
      await handOver(testEvent("tick.minute", null, {}, harness.clock.now()));
      await drain();
    },
  };
}
