import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import * as v from "valibot";
import { OrgId } from "../../shared/contract/ids.ts";
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

export interface Address {
  readonly url: string;
  readonly key: string;
  /** The organisation of the key, where it is the local system's own; null where only that system can tell. */
  readonly org: OrgId | null;
}

/**
 * The address and the key to send to: those given, or the running local system's.
 * @throws Error that says what to do, where none runs.
 */
export async function readAddress(asked: AskedAddress, { apiKey, dataDir }: LocalConfig): Promise<Address> {
  const { url, key = apiKey } = asked;
  if (url !== undefined && key !== undefined) return { url: url.replace(/\/+$/, ""), key, org: null };
  const path = localFileOf(resolve(dataDir));
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Error(`No system runs here (there is no ${path}): start it with npm start.`, { cause: error });
  });
  const local = v.parse(v.object({ url: v.string(), apiKey: v.string(), orgId: OrgId }), JSON.parse(text));
  if (asked.key !== undefined) return { url: local.url, key: asked.key, org: null };
  return { url: local.url, key: local.apiKey, org: local.orgId };
}
