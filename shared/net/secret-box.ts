import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import type { SecretBox } from "../ports.ts";

/** A key and the id that stands beside whatever it sealed. */
export interface SealingKey {
  /** 1 to 64 of A-Z, a-z, 0-9, _ and -. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

const FORMAT = "v1";
/** What stands beside what was sealed before a key's id followed from it: any key of the ring may have done so. */
const ANY_KEY = "k1";
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A key with the id that follows from it, so that no two keys share one and nobody has to think of one. */
export const sealingKey = (key: Uint8Array): SealingKey => ({
  id: createHash("sha256").update("sealing key\0").update(key).digest("hex").slice(0, 12),
  key,
});

/**
 * Seals secrets with AES-256-GCM: what is sealed reads `v1.<key id>.<nonce, ciphertext and tag in base64url>`, and opens only under the
 * context that it was sealed under.
 *
 * @param ring.current - Seals and opens.
 * @param ring.previous - Opens what was sealed before a rotation.
 * @returns A box whose `open` throws an Error, without any of the plain text, when the key is not on the ring or anything was changed.
 * @throws Error when a key has the wrong length, or an id is malformed or taken.
 * @see NIST SP 800-38D, section 8.2.2: random 96-bit nonces, good for 2^32 seals a key.
 */
export function createSecretBox(ring: { readonly current: SealingKey; readonly previous?: SealingKey }): SecretBox {
  const { current, previous } = ring;
  const keys = new Map<string, Uint8Array>();
  for (const { id, key } of previous === undefined ? [current] : [current, previous]) {
    if (!KEY_ID.test(id)) throw new Error("The id of a sealing key has 1 to 64 letters, digits, _ or -");
    if (key.length !== KEY_BYTES) throw new Error(`The sealing key ${id} has ${key.length} bytes instead of ${KEY_BYTES}`);
    if (keys.has(id)) throw new Error(`Two sealing keys have the id ${id}`);
    keys.set(id, key);
  }

  return {
    rotatesTo: previous === undefined ? null : `${FORMAT}.${current.id}.`,

    seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", current.key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(authenticated(current.id, context));
      const box = Buffer.concat([nonce, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return `${FORMAT}.${current.id}.${box.toString("base64url")}`;
    },

    open(sealed, context) {
      const [format, id, text, ...rest] = sealed.split(".");
      const box = Buffer.from(text ?? "", "base64url");
      const isWhole = box.length >= NONCE_BYTES + TAG_BYTES && box.toString("base64url") === text;
      if (format !== FORMAT || id === undefined || !KEY_ID.test(id) || rest.length > 0 || !isWhole) {
        throw new Error("This is nothing that was sealed here");
      }
      const key = keys.get(id);
      if (key === undefined && id !== ANY_KEY) throw new Error(`Sealed with the key ${id}, which is not on the ring`);

      for (const one of key === undefined ? keys.values() : [key]) {
        const plain = opened(box, one, authenticated(id, context));
        if (plain !== null) return plain;
      }
      throw new Error("The sealed text was changed, or was sealed under another context");
    },
  };
}

/** null where the key or what is authenticated is another, or anything was changed. */
function opened(box: Buffer, key: Uint8Array, aad: Buffer): string | null {
  const decipher = createDecipheriv("aes-256-gcm", key, box.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(box.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString("utf8");
  } catch {
    return null;
  }
}

const authenticated = (id: string, context: string) => Buffer.from(JSON.stringify([FORMAT, id, context]));
