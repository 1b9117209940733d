import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { manifest } from "../functions/manifest.ts";
import type { FunctionDefinition, Route } from "../shared/runtime/route.ts";
import { START, testEvent } from "../shared/testing/harness.ts";
import type { TestAnswer } from "../shared/testing/http.ts";
import { startSystem } from "../shared/testing/system.ts";
import type { TestSystem } from "../shared/testing/system.ts";

// Every route of the manifest, tried by one organisation with the ids of another. A new route is covered by itself; a new kind of resource
// has to say below how to find one.

const MINUTE = 60_000;
const routes: readonly Route[] = (
  await Promise.all(
    Object.values(manifest).map(async ({ file }) => ((await import(`../functions/${file}`)) as { default: FunctionDefinition }).default),
  )
).flatMap((definition) => (definition.kind === "http" ? definition.routes : []));

let system: TestSystem;
let mine: string;
let theirs: string;
/** The id of one resource of mine, by the path of its collection. */
const ids = new Map<string, string>();

beforeAll(async () => {
  system = await startSystem();
  const { harness, http } = system;
  mine = await http.keyOf(harness.org, ["*"]);
  theirs = await http.keyOf(harness.otherOrg, ["*"]);
  await makeOneOfEach();
});
afterAll(() => system.harness.close());

const ask = (method: string, url: string, key: string, body?: unknown) => system.request(method, url, { key, body });

/** Lets a whole journey run, so that there is one of each resource. */
async function makeOneOfEach(): Promise<void> {
  const { harness } = system;
  const create = async (collection: string, body: unknown) => {
    const answer = await ask("POST", collection, mine, body);
    if (answer.status >= 300) throw new Error(`${collection}: ${JSON.stringify(answer.body)}`);
    return answer.body as { id: string };
  };
  await create("/api/v1/channels", { name: "Inbox", kind: "inbox" });
  await create("/api/v1/rules", {
    name: "High",
    kind: "threshold",
    selector: { metricKey: "cpu" },
    condition: { operator: "gt", value: 90 },
    evalDelay: 0,
    severity: "critical",
  });
  const metrics = (from: number, n: number, value: (row: number) => number) =>
    Array.from({ length: n }, (_, row) => ({ metricKey: "cpu", timestamp: from + row * MINUTE, value: value(row) }));
  for (let day = 0; day < 3; day++)
    await create("/api/v1/ingest", { metrics: metrics(START - (3 - day) * 900 * MINUTE, 900, (row) => 10 + (row % 7)) });
  await system.drain();
  harness.clock.advance(MINUTE);
  await create("/api/v1/ingest", { metrics: [...metrics(START, 2, () => 5_000), { metricKey: "cpu", timestamp: START, value: "x" }] });
  await system.drain();
  await system.tick();
  const event = testEvent("metrics.ingested", harness.org, { seq: 1, n: 1, from: 0, to: 0 });
  await harness.deps.store.platform.events.recordFailure({
    consumer: "x",
    event,
    error: "no",
    nextAttemptAt: START,
    deadAt: START,
    at: START,
  });

  const [series] = ((await ask("GET", "/api/v1/series", mine)).body as { items: { id: string }[] }).items;
  await create("/api/v1/forecasts", { series: series!.id, horizon: 3 });
  await create("/api/v1/forecast-jobs", { ...JOB, enabled: false });
  await create("/api/v1/detection-settings", SETTINGS);
  await create("/api/v1/silences", SILENCE);
  await create("/api/v1/mute-windows", MUTE_WINDOW);
  await create("/api/v1/inhibitions", INHIBITION);
  await create("/api/v1/change-events", { kind: "deployment", title: "api v1" });
  for (const collection of new Set(routes.filter(({ path }) => path.includes("{id}")).map(({ path }) => path.split("/{id}", 1)[0]!))) {
    const key = collection.includes("event-dead-letters") ? await system.http.keyOf(null, ["platform"]) : mine;
    const { items } = (await ask("GET", collection, key)).body as { items?: { id: string }[] };
    if (items?.[0] !== undefined) ids.set(collection, items[0].id);
  }
}

const SETTINGS = { name: "Settings", selector: { metricKey: "cpu" }, settings: {} };
const SILENCE = {
  matchers: [{ name: "host", op: "=", value: "a" }],
  author: "Ada",
  reason: "A new disk",
  endsAt: new Date(START + 7 * 86_400_000).toISOString(),
};
const MUTE_WINDOW = { name: "Nights", timezone: "UTC", start: "22:00", end: "06:00", matchers: SILENCE.matchers };
const INHIBITION = {
  name: "Down",
  source: [{ name: "severity", op: "=", value: "critical" }],
  target: [{ name: "severity", op: "=", value: "warning" }],
  equal: ["host"],
};
const JOB = { name: "Job", selector: { metricKey: "cpu" }, horizon: 3, schedule: "hourly" };

/** A body that the route's schema takes, as far as one can be known without knowing the route. */
const BODIES: Readonly<Record<string, unknown>> = {
  "POST /api/v1/alerts/{id}/comments": { text: "Mine" },
  "POST /api/v1/alerts/{id}/assign": { assignee: { name: "Eve" } },
  "PATCH /api/v1/inbox/{id}": { read: true },
  "PUT /api/v1/anomalies/{id}/feedback": { verdict: "expected" },
  "PUT /api/v1/rules/{id}": { name: "Low", kind: "threshold", selector: { metricKey: "cpu" }, condition: { operator: "lt", value: 1 } },
  "PATCH /api/v1/rules/{id}": { enabled: false },
  "PUT /api/v1/channels/{id}": { name: "Other", kind: "inbox" },
  "PATCH /api/v1/channels/{id}": { enabled: false },
  "PUT /api/v1/forecast-jobs/{id}": JOB,
  "PATCH /api/v1/forecast-jobs/{id}": { enabled: false },
  "PUT /api/v1/detection-settings/{id}": SETTINGS,
  "PATCH /api/v1/detection-settings/{id}": { priority: 1 },
  "PATCH /api/v1/series/{id}": { unit: "s" },
  "PUT /api/v1/silences/{id}": SILENCE,
  "PUT /api/v1/mute-windows/{id}": MUTE_WINDOW,
  "PUT /api/v1/inhibitions/{id}": INHIBITION,
  "POST /api/v1/channels/{id}/compare": { name: "Other", kind: "inbox" },
  "PUT /api/v1/series/{id}/settings": { enabled: false },
  "PATCH /api/v1/series/{id}/settings": { enabled: false },
};

const bare = ({ status, body }: TestAnswer) => ({ status, body: { ...(body as object), instance: "" } });
const withId = routes.filter(({ path }) => path.includes("{id}")).map((route) => [`${route.method} ${route.path}`, route] as const);

describe("another organisation's resource and a missing one are answered alike", () => {
  test.each(withId)("%s", async (name, { method, path, scope }) => {
    const collection = path.split("/{id}", 1)[0]!;
    const id = ids.get(collection);
    expect({ collection, id }).toEqual({ collection, id: expect.any(String) as unknown });
    const missing = `${id!.slice(0, 4)}${"0".repeat(24)}`;
    const below = path.replace("{run}", `frn_${"0".repeat(24)}`);
    const foreign = await ask(method, below.replace("{id}", id!), theirs, BODIES[name]);
    const nothing = await ask(method, below.replace("{id}", missing), theirs, BODIES[name]);
    expect(bare(foreign)).toEqual(bare(nothing));
    expect(foreign.status).toBe(scope === "platform" ? 403 : 404);
    expect(JSON.stringify(foreign.body).replaceAll(id!, "")).not.toContain(system.harness.org);
  });

  test("and all of them are still there", async () => {
    for (const [collection, id] of ids) {
      const key = collection.includes("event-dead-letters") ? await system.http.keyOf(null, ["platform"]) : mine;
      expect(JSON.stringify((await ask("GET", collection, key)).body)).toContain(id);
    }
  });
});

describe("a list shows nothing of another organisation", () => {
  const lists = routes
    .filter(({ method, path, scope }) => method === "GET" && !path.includes("{") && scope !== "none")
    .map(({ path }) => [path]);
  test.each(lists)("GET %s", async (path) => {
    const text = JSON.stringify((await ask("GET", path, theirs)).body);
    for (const id of [...ids.values(), system.harness.org]) expect(text).not.toContain(id);
  });
});

describe("a body that names another organisation's series finds none", () => {
  test.each([
    ["/api/v1/forecasts", { horizon: 3 }],
    ["/api/v1/detections", {}],
  ])("POST %s", async (path, more) => {
    const series = ids.get("/api/v1/series");
    const foreign = await ask("POST", path, theirs, { series, ...more });
    const named = await ask("POST", path, theirs, { series: { metricKey: "cpu" }, ...more });
    expect([foreign.status, named.status]).toEqual([404, 404]);
    expect((await ask("POST", path, mine, { series, ...more })).status).toBeLessThan(300);
  });
});

describe("without a key there is nothing", () => {
  test.each(routes.filter(({ scope }) => scope !== "none").map(({ method, path }) => [method, path]))("%s %s", async (method, path) => {
    const answer = await system.request(method, path.replace("{id}", "x"), { body: {} });
    expect(answer.status).toBe(401);
  });
});

const lists = routes.flatMap((route) =>
  route.kind === "json" && "cursor" in membersOf(route.input) ? [[route.path, route] as const] : [],
);

function membersOf(input: object): object {
  const { entries, options } = input as { entries?: object; options?: readonly object[] };
  return entries ?? (options === undefined ? {} : membersOf(options[0]!));
}

describe("a cursor that no page has given is refused, and the list does not begin again", () => {
  test("by all of them", () => expect(lists.length).toBeGreaterThan(14));

  test.each(lists)("%s", async (path, { scope }) => {
    const key = scope === "platform" ? await system.http.keyOf(null, ["platform"]) : mine;
    const url = path.replace("{id}", ids.get(path.split("/{id}", 1)[0]!) ?? "");
    for (const query of path === "/api/v1/alerts" ? ["", "status=pending&"] : [""]) {
      expect((await ask("GET", `${url}?${query}`, key)).status).toBe(200);
      for (const cursor of ["xyz", "1~2", "~", `rul_${"0".repeat(25)}`]) {
        const answer = await ask("GET", `${url}?${query}cursor=${cursor}`, key);
        expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: "cursor" }] } });
      }
    }
  });
});
