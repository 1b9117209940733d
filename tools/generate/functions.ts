import { manifest } from "../../functions/manifest.ts";
import type { ManifestEntry } from "../../functions/manifest.ts";
import type { FunctionDefinition, Route } from "../../shared/runtime/route.ts";

/** An entry of the manifest with what its file exports. */
export interface LoadedFunction extends ManifestEntry {
  readonly name: string;
  readonly definition: FunctionDefinition;
  /** None where the trigger is not HTTP. */
  readonly routes: readonly Route[];
}

/** Every function of the manifest, in its order. @throws Error where a file exports another kind of function than its trigger calls for. */
export const loadFunctions = (): Promise<LoadedFunction[]> =>
  Promise.all(
    Object.entries(manifest).map(async ([name, entry]) => {
      const { default: definition } = (await import(`../../functions/${entry.file}`)) as { default: FunctionDefinition };
      if ((definition.kind === "http") !== (entry.trigger.kind === "http"))
        throw new Error(`${name}: ${entry.file} does not fit its trigger`);
      return { name, ...entry, definition, routes: definition.kind === "http" ? definition.routes : [] };
    }),
  );
