import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";

/** Where a program is on PATH; null when there is none that can be run. */
export const onPath = (program: string, { PATH = "" }: Readonly<Record<string, string | undefined>> = process.env): string | null =>
  PATH.split(delimiter)
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, program))
    .find(isExecutable) ?? null;

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A port of this machine that nobody listens on, for a program that takes port 0 and does not say which it got. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
