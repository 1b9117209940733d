import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import * as v from "valibot";
import type { LocalConfig } from "../../shared/runtime/config.ts";
import { localFileOf } from "../dev/data-dir.ts";

/** What a tool was told of where to send to. */
export interface AskedAddress {
  readonly url: string | undefined;
  readonly key: string | undefined;
}

/** Why a tool cannot send where it was told to; null where it can. The key of the local system is shown to no other one. */
export function wrongAddress({ url, key }: AskedAddress, { apiKey }: Pick<LocalConfig, "apiKey">): string | null {
  return url !== undefined && key === undefined && apiKey === undefined ? "--url needs its --key, or INTENTVISION_API_KEY." : null;
}

/**
 * The address and the key to send to: those given, or the running local system's.
 * @throws Error that says what to do, where none runs.
 */
export async function readAddress(asked: AskedAddress, { apiKey, dataDir }: LocalConfig): Promise<{ url: string; key: string }> {
  const { url, key = apiKey } = asked;
  if (url !== undefined && key !== undefined) return { url: url.replace(/\/+$/, ""), key };
  const path = localFileOf(resolve(dataDir));
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Error(`No system runs here (there is no ${path}): start it with npm start.`, { cause: error });
  });
  const local = v.parse(v.object({ url: v.string(), apiKey: v.string() }), JSON.parse(text));
  return { url: local.url, key: asked.key ?? local.apiKey };
}
