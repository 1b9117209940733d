import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient, LibsqlError } from "@libsql/client";
import * as v from "valibot";

/** Where the running system says where it is, for whoever has its data directory. */
export const localFileOf = (dataDir: string): string => join(dataDir, "local.json");

/**
 * Makes a data directory this process's own until it is let go of or the process ends, however that is: what is locked is a file that
 * the operating system unlocks with it.
 *
 * @throws Error when another process has it, or when there can be no directory.
 */
export async function holdDataDir(dataDir: string): Promise<{ release(): void }> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`${dataDir} cannot be a data directory: ${cause.code ?? cause.message}.`, { cause });
  });
  try {
    const lock = createClient({ url: `file:${join(dataDir, "intentvision.lock")}`, timeout: 0 });
    const transaction = await lock.transaction("write");
    return {
      release() {
        transaction.close();
        lock.close();
      },
    };
  } catch (cause) {
    if (!(cause instanceof LibsqlError && cause.code === "SQLITE_BUSY")) {
      throw new Error(`${dataDir} cannot be locked: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
    }
    const url = await runningUrl(dataDir);
    const at = url === null ? "" : ` at ${url}`;
    throw new Error(`IntentVision runs already${at} on ${dataDir}. Stop it first, or start with another INTENTVISION_DATA_DIR.`, { cause });
  }
}

/** Where the system is that wrote its address down in a data directory, if it still runs; null where nothing, or nonsense, is written. */
export async function runningUrl(dataDir: string): Promise<string | null> {
  const text = await readFile(localFileOf(dataDir), "utf8").catch(() => null);
  const local = v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ url: v.pipe(v.string(), v.url()) })), text);
  return local.success ? local.output.url : null;
}
