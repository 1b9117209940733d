import { readConfig } from "./config.ts";
import { createRuntime } from "./deps.ts";
import { serve } from "./entry.ts";
import { handlerOf, logRefusal } from "./handlers.ts";
import type { FunctionDefinition } from "./route.ts";

/**
 * Serves one function in a process of its own: what each bundle does when the framework loads it.
 * @param secrets - Those that the manifest gives the function.
 */
export async function deploy(name: string, definition: FunctionDefinition, secrets: readonly string[]): Promise<void> {
  const runtime = await createRuntime(readConfig(secrets));
  serve(name, handlerOf(name, definition, runtime), { onError: (error) => logRefusal(runtime.log, error) });
}
