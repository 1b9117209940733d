import type { Result } from "../result.ts";
import { MalformedWire, openWire, readVarint } from "./wire.ts";

/** A message may be so long when it is uncompressed. */
export const MAX_DECODED_BYTES = 32 * 2 ** 20;

/**
 * Uncompresses a block of Snappy; its length is looked at first.
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
export async function uncompress(block: Uint8Array): Promise<Result<Uint8Array, "too-large" | "malformed">> {
  if (declaredLength(block) > MAX_DECODED_BYTES) return { ok: false, error: "too-large" };
  // Loaded at its first use: few processes need it.
  const { uncompressSync } = await import("snappy");
  try {
    return { ok: true, value: uncompressSync(Buffer.from(block.buffer, block.byteOffset, block.byteLength)) as Uint8Array };
  } catch {
    return { ok: false, error: "malformed" };
  }
}

/** What a block says that it is long when it is uncompressed; 0 where it says nothing that can be read. */
export function declaredLength(block: Uint8Array): number {
  try {
    return readVarint(openWire(block));
  } catch (error) {
    if (error instanceof MalformedWire) return 0;
    throw error;
  }
}
