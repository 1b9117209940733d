import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import { OrgId } from "../../shared/contract/ids.ts";
import { FileIdentity } from "./source.ts";

/** Whose points they are: the organisation of the key, or, where nobody tells which that is, the key itself, unreadable. */
const Owner = v.union([OrgId, v.pipe(v.string(), v.regex(/^key [\w-]{43}$/), v.brand("UnknownOwner"))]);
export type Owner = v.InferOutput<typeof Owner>;

/** Stands for an organisation that is not known: no two have a key in common. @param key - 24 random bytes: its digest does not tell it. */
export const ownerOfKey = (key: string): Owner =>
  v.parse(
    Owner,
    `key ${createHash("sha256")
      .update(JSON.stringify(["import", key]))
      .digest("base64url")}`,
  );

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** How far an import has come: all before its position was acknowledged, and is counted. */
export const ImportState = v.strictObject({
  version: v.literal(1),
  path: v.string(),
  identity: FileIdentity,
  /** How the file is read, as it was asked for. */
  asked: v.string(),
  org: Owner,
  /** Tells this import from earlier ones of the same file. */
  run: v.string(),
  position: v.strictObject({ offset: Count, line: Count, taken: Count }),
  accepted: Count,
  rejected: Count,
  unreadable: Count,
  /** The first of those that were not taken. */
  told: v.array(v.strictObject({ line: Count, why: v.string() })),
  startedAt: v.string(),
  finishedAt: v.nullable(v.string()),
});
export type ImportState = v.InferOutput<typeof ImportState>;

/** Where the state of an import is kept: in the data directory, one file for each file and organisation. */
export function journalPath(dataDir: string, path: string, org: Owner): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([path, org]))
    .digest("hex")
    .slice(0, 16);
  return join(dataDir, "imports", `${basename(path).slice(0, 100)}-${digest}.json`);
}

/** @returns null where there is none. @throws Error where it cannot be read. */
export async function readJournal(path: string): Promise<ImportState | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  const state = v.safeParse(v.pipe(v.string(), v.parseJson(), ImportState), text);
  if (!state.success) throw new Error(`${path} does not say how far the import has come: --restart begins again.`);
  return state.output;
}

/** Keeps the state of an import on disk. */
export interface Journal {
  /** Writes a state soon: of those that come while one is being written, the last. @throws Error where an earlier one could not be written. */
  save(state: ImportState): void;
  /** Resolves once the last state is on disk. @throws Error where one could not be written. */
  settled(): Promise<void>;
}

/** @param rest - Waits between two writes, so that they cost little, until the signal aborts. */
export function openJournal(path: string, rest: (signal: AbortSignal) => Promise<void>): Journal {
  const hurry = new AbortController();
  let next: ImportState | null = null;
  let writing: Promise<void> | null = null;
  let failure: { readonly cause: unknown } | null = null;
  const write = async (): Promise<void> => {
    for (let state = next; state !== null; state = next) {
      next = null;
      await writeJournal(path, state);
      await rest(hurry.signal);
    }
  };
  const refuse = () => {
    if (failure !== null) throw new Error(`How far it has come cannot be kept in ${path}: ${String(failure.cause)}.`, failure);
  };
  return {
    save(state) {
      refuse();
      next = state;
      writing ??= write()
        .catch((cause: unknown) => void (failure = { cause }))
        .finally(() => (writing = null));
    },
    async settled() {
      hurry.abort();
      await writing;
      refuse();
    },
  };
}

/** Writes a state whole or not at all: whoever is cut short leaves the one before. */
async function writeJournal(path: string, state: ImportState): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${process.pid}.new`;
  const handle = await open(unfinished, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(state)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, path);
}
