import { readConfig } from "./config.ts";
import { createRuntime } from "./deps.ts";
import { serve } from "./entry.ts";
import { handlerOf } from "./handlers.ts";
import { errorFields } from "./log.ts";
import type { FunctionDefinition } from "./route.ts";

/**
 * Serves one function in a process of its own: what each bundle does when the framework loads it.
 * @param secrets - Those that the manifest gives the function.
 */
export async function deploy(name: string, definition: FunctionDefinition, secrets: readonly string[]): Promise<void> {
  const runtime = await createRuntime(readConfig(secrets));
  serve(name, handlerOf(name, definition, runtime), {
    onError: (error, req) =>
      runtime.log.error("Request failed outside its verb", { path: req?.url?.split("?", 1)[0], ...errorFields(error) }),
  });
}
