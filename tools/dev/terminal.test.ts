import { expect, test } from "@jest/globals";
import { createTerminal } from "./terminal.ts";

function startTransfer(isTTY: boolean, totalBytes: number | null) {
  let written = "";
  let now = 0;
  const out = { isTTY, write: (text: string | Uint8Array) => (written += String(text)) !== "" };
  const transfer = createTerminal(out, () => now).transfer("Importing", totalBytes, "point");
  const at = (seconds: number, bytes: number, points: number): string => {
    written = "";
    now = seconds * 1_000;
    transfer.update(bytes, points);
    return written;
  };
  const clear = () => {
    written = "";
    transfer.clear();
    return written;
  };
  return { at, clear };
}

test("a transfer is a bar with share, points, their rate, and the time left by the bytes of this transfer", () => {
  const { at, clear } = startTransfer(true, 1_000);
  // 500 bytes were done before it: they say nothing of how long the rest will take.
  expect(at(0, 500, 0)).toBe("");
  expect(at(10, 750, 20_000)).toBe("\r\u001b[KImporting [#######################.......] 75% 20,000 points, 2,000/s, 10 s left");
  expect(at(10.05, 751, 20_001)).toBe("");
  expect(clear()).toBe("\r\u001b[K");
});

test("where the terminal cannot redraw it is a plain line every ten seconds", () => {
  const { at, clear } = startTransfer(false, 1_000);
  expect(at(5, 0, 1)).toBe("");
  expect(at(20, 500, 1)).toBe("Importing: 50%, 1 point, 0/s, 20 s left\n");
  expect(at(25, 600, 2)).toBe("");
  expect(clear()).toBe("");
});

test("of an unknown size no share and no time left are shown", () => {
  expect(startTransfer(false, null).at(10, 500, 100)).toBe("Importing: 100 points, 10/s\n");
});
