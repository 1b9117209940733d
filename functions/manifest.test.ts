import { describe, expect, test } from "@jest/globals";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TOPICS } from "../shared/contract/events.ts";
import { takesIn } from "../tools/dev/gateway.ts";
import { loadFunctions } from "../tools/generate/functions.ts";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));
const functions = await loadFunctions();
const doors = functions.flatMap(({ name, trigger, routes }) => (trigger.kind === "http" ? [{ name, paths: trigger.paths, routes }] : []));
const routes = doors.flatMap(({ name, routes: own }) => own.map(({ method, path }) => [method, path, name] as const));

describe("the manifest", () => {
  test.each(routes)("%s %s is led to its own function by the first path that takes it in", (_method, path, name) => {
    const led = doors.find(({ paths }) => paths.some((pattern) => takesIn(pattern, path)));
    expect(led?.name).toBe(name);
  });

  test("gives no path of its own to two functions", () => {
    const exact = doors.flatMap(({ name, paths }) => paths.filter((path) => !path.endsWith("/**")).map((path) => [path, name] as const));
    expect(new Set(exact.map(([path]) => path)).size).toBe(exact.length);
  });

  test("has every file of a folder that can be deployed, once", () => {
    const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const deployable = folders
      .flatMap(({ name }) => ["http.ts", "event.ts", "tick.ts"].map((file) => `${name}/${file}`))
      .filter((file) => existsSync(`${FOLDER}${file}`));
    expect(functions.map(({ file }) => file).toSorted()).toEqual(deployable.toSorted());
  });

  test.each(functions.filter(({ definition }) => definition.kind === "event").map((one) => [one.name, one] as const))(
    "brings to %s each type that it works off",
    (_name, { definition, trigger }) => {
      const brought: readonly string[] =
        trigger.kind === "event" ? trigger.topics.flatMap((topic) => TOPICS[topic]) : trigger.kind === "tick" ? trigger.types : [];
      const handled = definition.kind === "event" ? Object.keys(definition.on) : [];
      expect(handled.length).toBeGreaterThan(0);
      expect(brought).toEqual(expect.arrayContaining(handled));
    },
  );

  test.each(doors.filter(({ routes: own }) => own.some(({ scope }) => scope !== "none")).map(({ name }) => name))(
    "gives %s the salt, without which no key is known",
    (name) => {
      expect(functions.find((one) => one.name === name)!.secrets).toContain("intentvision-api-key-salt");
    },
  );

  test("lets each function that sets an alarm create tasks for it, and no other", () => {
    const setsAlarms = (folder: string) =>
      readdirSync(`${FOLDER}${folder}`).some(
        (file) =>
          file.endsWith(".ts") &&
          !file.endsWith(".test.ts") &&
          readFileSync(`${FOLDER}${folder}/${file}`, "utf8").includes("alarm.wakeAt("),
      );
    const named = functions.map(({ name, file }) => [name, setsAlarms(file.split("/")[0]!)]);
    expect(functions.map(({ name, enqueuesTo }) => [name, enqueuesTo !== undefined])).toEqual(named);
    const called = functions.flatMap(({ calledBy }) => calledBy ?? []);
    expect(called.toSorted()).toEqual([...new Set(functions.flatMap(({ enqueuesTo }) => enqueuesTo ?? []))].toSorted());
  });

  test("gives no two consumers one name: events that one has worked off would be taken for the other's", () => {
    const consumers = functions.flatMap(({ definition }) => (definition.kind === "event" ? [definition.consumer] : []));
    expect(new Set(consumers).size).toBe(consumers.length);
  });
});
