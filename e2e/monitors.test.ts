import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";
import { createClient } from "../tools/dev/client.ts";

// The example directory of the documentation is applied by the real tool to the real system, looked at again, changed, cut short and pruned.

const TOOL = fileURLToPath(new URL("../tools/monitors.ts", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../examples/monitors", import.meta.url));
const SECRET = `whsec_${"A".repeat(43)}=`;
const SECRETS = { PAGER_URL: "https://pager.example.com/hook", PAGER_SECRET: SECRET };

let directory: string;
let system: LocalSystem;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "monitors-"));
  await cp(EXAMPLE, directory, { recursive: true });
  system = await startLocalSystem();
  // Those that a new system has.
  for (const { id } of await list("channels")) await client().call("DELETE", `/api/v1/channels/${id}`);
}, 60_000);
afterAll(async () => {
  await system.remove();
  await rm(directory, { recursive: true });
});

/** The tool in a process of its own, which is killed as soon as it has printed `killAt`. */
async function run(args: readonly string[], { env = SECRETS, killAt = "" } = {}) {
  const child = spawn(process.execPath, [TOOL, ...args], {
    env: { PATH: process.env["PATH"], INTENTVISION_URL: system.url, INTENTVISION_API_KEY: system.apiKey, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (killAt !== "" && output.includes(killAt)) child.kill("SIGKILL");
    });
  }
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { code, signal, output };
}
const client = () => createClient(system.url, system.apiKey);
type Listed = { id: string; name: string; version?: number; updatedAt: string }[];
const list = async (path: string) => (await client().call<{ items: Listed }>("GET", `/api/v1/${path}?limit=1000`)).items;
const everything = async () => ({
  rules: await list("rules"),
  channels: await list("channels"),
  muteWindows: await list("mute-windows"),
  inhibitions: await list("inhibitions"),
  routes: await client().call<{ channels: string[]; routes: { channels: string[] }[]; version: number }>("GET", "/api/v1/routes"),
});
const edit = async (file: string, from: string, to: string) => {
  const text = await readFile(join(directory, file), "utf8");
  expect(text).toContain(from);
  await writeFile(join(directory, file), text.replace(from, to));
};

test("the example is applied whole, and then nothing differs; applied again it changes nothing", async () => {
  const before = await run(["diff", directory]);
  expect(before).toMatchObject({ code: 1, output: expect.stringContaining('+ channel "Pager"\n~ tree of routes') });

  expect(await run(["apply", directory])).toMatchObject({ code: 0, output: expect.stringContaining("8 created, 1 changed, 0 deleted.") });
  const made = await everything();
  const idOf = (name: string) => made.channels.find((channel) => channel.name === name)?.id;
  expect(made.routes).toMatchObject({ channels: [idOf("Team inbox")], routes: [{ channels: [idOf("Pager")] }], version: 1 });
  expect(made.channels.find(({ name }) => name === "Pager")).toMatchObject({ fallback: idOf("Team inbox") });
  const down = made.rules.find(({ name }) => name === "Checkout is down");
  const children = made.rules.filter(({ name }) => name === "Checkout is slow" || name === "Checkout fails");
  expect(down).toMatchObject({ condition: { all: children.map(({ id }) => id) } });

  const same = { code: 0, output: expect.stringContaining("Everything is as the directory says.") };
  expect(await run(["diff", directory, "--prune"])).toMatchObject(same);
  expect(await run(["apply", directory, "--prune"])).toMatchObject(same);
  expect(await everything()).toEqual(made);
  expect(await list("deliveries")).toEqual([]);
});

test("what changes is said and changed, another secret too, which is never shown", async () => {
  await edit("rules.yaml", "value: 800, recover: 600", "value: 900, recover: 600");
  const env = { ...SECRETS, PAGER_SECRET: `whsec_${"B".repeat(43)}=` };
  const expected =
    '~ channel "Pager"\n    config.secret: another value, which is not shown\n~ rule "Checkout is slow"\n    condition.value: 800 -> 900\n';
  const before = await everything();
  const differs = await run(["diff", directory], { env });
  expect(differs).toMatchObject({ code: 1, output: expect.stringContaining(expected) });
  expect(await everything()).toEqual(before);

  const applied = await run(["apply", directory], { env });
  expect(applied).toMatchObject({ code: 0, output: expect.stringContaining(`${expected}0 created, 2 changed, 0 deleted.`) });
  expect(differs.output + applied.output).not.toMatch(/whsec_|pager\.example/);
  expect((await everything()).rules.filter(({ version }) => version !== 1)).toMatchObject([{ name: "Checkout is slow", version: 2 }]);
  expect((await run(["diff", directory], { env })).code).toBe(0);
  // Back to the secret that the other tests have.
  expect((await run(["apply", directory])).code).toBe(0);
});

test("killed in its midst and called again, it ends with each of them once", async () => {
  const rules = Array.from(
    { length: 60 },
    (_, n) => `  - name: Rule ${n}
    kind: threshold
    selector: { metricKey: cpu, dimensions: { host: h${n} } }
    condition: { operator: gt, value: 90 }`,
  );
  await writeFile(join(directory, "many.yaml"), `rules:\n${rules.join("\n")}\n`);
  const killed = await run(["apply", directory], { killAt: '+ rule "Rule 5"' });
  expect(killed.signal).toBe("SIGKILL");
  const part = (await list("rules")).length;
  expect(part).toBeGreaterThanOrEqual(10);

  expect(await run(["apply", directory])).toMatchObject({ code: 0 });
  const names = (await list("rules")).map(({ name }) => name);
  expect([names.length, new Set(names).size]).toEqual([64, 64]);
  expect((await run(["diff", directory, "--prune"])).code).toBe(0);
});

test("what is not in the directory stays, until it is pruned", async () => {
  await rm(join(directory, "many.yaml"));
  await rm(join(directory, "routing.yaml"));
  await client().call("POST", "/api/v1/channels", { name: "By hand", kind: "inbox", fallback: (await list("channels"))[0]!.id });
  const left = await run(["diff", directory]);
  expect(left).toMatchObject({
    code: 0,
    output: expect.stringMatching(/left alone \(--prune deletes them\): .*"By hand", tree of routes/),
  });

  expect(await run(["apply", directory, "--prune"])).toMatchObject({
    code: 0,
    output: expect.stringContaining("0 created, 0 changed, 64 deleted."),
  });
  const after = await everything();
  expect([after.rules.length, after.channels.length, after.muteWindows, after.inhibitions]).toEqual([4, 2, [], []]);
  expect(after.routes).toMatchObject({ routes: [] });
  expect(after.routes.channels).toBeUndefined();
  expect((await run(["diff", directory, "--prune"])).code).toBe(0);
});

test("what only the system can refuse is told with its file, its line and its name", async () => {
  await edit(
    "rules.yaml",
    "dimensions: { region: eu } }\n    condition: { operator: gt, value: 900",
    "matchers: [{ name: a, op: =~, value: ( }] }\n    condition: { operator: gt, value: 900",
  );
  const refused = await run(["apply", directory]);
  expect(refused).toMatchObject({
    code: 2,
    output: expect.stringMatching(/rules\.yaml:5: rule "Checkout is slow": selector\.matchers\[0\]\.value: /),
  });
});
