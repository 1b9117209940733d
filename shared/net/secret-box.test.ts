import { describe, expect, test } from "@jest/globals";
import { createDecipheriv } from "node:crypto";
import fc from "fast-check";
import { createSecretBox, sealingKey } from "./secret-box.ts";

const first = { id: "2026-11", key: new Uint8Array(32).fill(1) };
const second = { id: "2027-01", key: new Uint8Array(32).fill(2) };
const box = createSecretBox({ current: first });
const URL_SECRET = "https://hooks.slack.example/services/hunter2";

const refusal = (open: () => string) => {
  try {
    return `opened: ${open()}`;
  } catch (error) {
    return String(error);
  }
};

test("what was sealed opens under its context", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (plain, context) => {
      expect(box.open(box.seal(plain, context), context)).toBe(plain);
    }),
  );
});

test("what was sealed shows the key's id and nothing of the text, and never looks the same twice", () => {
  const sealed = Array.from({ length: 50 }, () => box.seal(URL_SECRET, "org_1/chn_1"));
  expect(new Set(sealed).size).toBe(50);
  const nonces = sealed.map((text) => text.split(".")[2]!.slice(0, 16));
  expect(new Set(nonces).size).toBe(50);
  for (const text of sealed) {
    expect(text).toMatch(/^v1\.2026-11\.[\w-]+$/);
    expect(Buffer.from(text.split(".")[2]!, "base64url").toString("latin1")).not.toContain("hunter2");
  }
});

test("it is AES-256-GCM: a 96-bit nonce, the ciphertext, a 128-bit tag, with format, key id and context authenticated", () => {
  const bytes = Buffer.from(box.seal("grüezi", "org_1/chn_1").split(".")[2]!, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", first.key, bytes.subarray(0, 12));
  decipher.setAAD(Buffer.from('["v1","2026-11","org_1/chn_1"]'));
  decipher.setAuthTag(bytes.subarray(bytes.length - 16));
  expect(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString()).toBe("grüezi");
});

describe("during a rotation", () => {
  const rotated = createSecretBox({ current: second, previous: first });

  test("what the previous key sealed still opens, and new text is sealed with the current key", () => {
    expect(rotated.open(box.seal(URL_SECRET, "c"), "c")).toBe(URL_SECRET);
    expect(rotated.seal(URL_SECRET, "c")).toMatch(/^v1\.2027-01\./);
  });

  test("a key's id follows from the key, and tells nothing of it", () => {
    const [one, other] = [sealingKey(first.key), sealingKey(second.key)];
    expect(one.id).toMatch(/^[0-9a-f]{12}$/);
    expect([sealingKey(Uint8Array.from(first.key)).id, one.id === other.id]).toEqual([one.id, false]);
    expect(createSecretBox({ current: other, previous: one }).rotatesTo).toBe(`v1.${other.id}.`);
    expect(createSecretBox({ current: other }).rotatesTo).toBeNull();
  });

  test("what was sealed before ids followed from keys opens with whichever key did so, and with no other", () => {
    const [one, other] = [sealingKey(first.key), sealingKey(second.key)];
    const sealed = createSecretBox({ current: { id: "k1", key: first.key } }).seal(URL_SECRET, "c");
    expect(createSecretBox({ current: one }).open(sealed, "c")).toBe(URL_SECRET);
    expect(createSecretBox({ current: other, previous: one }).open(sealed, "c")).toBe(URL_SECRET);
    expect(refusal(() => createSecretBox({ current: other }).open(sealed, "c"))).toMatch(/^Error: The sealed text was changed/);
  });

  test("a key that left the ring is named", () => {
    expect(() => createSecretBox({ current: second }).open(box.seal(URL_SECRET, "c"), "c")).toThrow(
      "Sealed with the key 2026-11, which is not on the ring",
    );
  });
});

describe("what was changed does not open, and the error tells nothing of the text", () => {
  const sealed = box.seal(URL_SECRET, "org_1/chn_1");
  test("another context", () => {
    for (const context of ["org_2/chn_1", "org_1/chn_2", "org_1/chn_1 ", ""]) {
      expect(refusal(() => box.open(sealed, context))).toBe("Error: The sealed text was changed, or was sealed under another context");
    }
  });

  test("any character of it", () => {
    for (let i = 0; i < sealed.length; i += 1) {
      const changed = sealed.slice(0, i) + (sealed[i] === "A" ? "B" : "A") + sealed.slice(i + 1);
      const message = refusal(() => box.open(changed, "org_1/chn_1"));
      expect(message).toMatch(/^Error: (The sealed text was changed|This is nothing|Sealed with the key)/);
      expect(message).not.toContain("hunter2");
    }
  });

  test("its end, or something behind it", () => {
    for (let end = 0; end < sealed.length; end += 1) {
      expect(refusal(() => box.open(sealed.slice(0, end), "org_1/chn_1"))).toMatch(/^Error: /);
    }
    for (const tail of ["A", "!", ".", ".A", "=", "\n"]) expect(refusal(() => box.open(sealed + tail, "org_1/chn_1"))).toMatch(/^Error: /);
  });

  test("the id of another key on the ring", () => {
    const rotated = createSecretBox({ current: second, previous: first });
    expect(refusal(() => rotated.open(sealed.replace("2026-11", "2027-01"), "org_1/chn_1"))).toMatch(/^Error: The sealed text was changed/);
  });

  test("the same id with another key", () => {
    const other = createSecretBox({ current: { id: first.id, key: second.key } });
    expect(refusal(() => other.open(sealed, "org_1/chn_1"))).toMatch(/^Error: The sealed text was changed/);
  });
});

describe("a ring that cannot be is refused", () => {
  test.each([
    ["a short key", { current: { id: "a", key: new Uint8Array(16) } }, "The sealing key a has 16 bytes instead of 32"],
    ["an id with a dot", { current: { id: "a.b", key: first.key } }, "The id of a sealing key"],
    ["an empty id", { current: { id: "", key: first.key } }, "The id of a sealing key"],
    ["two keys of one id", { current: first, previous: { id: first.id, key: second.key } }, "Two sealing keys have the id 2026-11"],
  ])("%s", (_what, ring, message) => {
    expect(() => createSecretBox(ring)).toThrow(message);
  });
});
