import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";

const ApiKey = v.pipe(v.string(), v.regex(/^iv_[A-Za-z0-9_-]{32}$/));
const Secrets = v.strictObject({ salt: v.string(), channelKey: v.string(), apiKey: ApiKey, platformKey: ApiKey });
export type Secrets = v.InferOutput<typeof Secrets>;

/**
 * The secrets of a data directory, made at the first start and the same from then on.
 * @throws Error when they cannot be read, or are not there although the data are.
 */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, "secrets.json");
  try {
    return v.parse(Secrets, JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) {
      throw new Error(`${path} cannot be read. Restore it, or start with another INTENTVISION_DATA_DIR.`, { cause: error });
    }
  }
  if (existsSync(join(dataDir, "intentvision.db"))) {
    throw new Error(
      `${path} is missing, and nobody can open the data beside it without. Restore it, or start with another INTENTVISION_DATA_DIR.`,
    );
  }
  const key = () => `iv_${randomBytes(24).toString("base64url")}`;
  const secrets = {
    salt: randomBytes(32).toString("base64"),
    channelKey: randomBytes(32).toString("base64"),
    apiKey: key(),
    platformKey: key(),
  };
  await writeWhole(path, JSON.stringify(secrets, null, 2));
  return secrets;
}

/** Writes a file that only its owner reads, whole or not at all. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, `${text}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
