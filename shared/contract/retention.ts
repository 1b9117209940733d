import * as v from "valibot";
import { formatDuration, parseDuration } from "./time.ts";

const DAY_MS = 86_400_000;
const LONGEST_MS = 3_650 * DAY_MS;

/** How long something is kept: days, or any other duration between one and ten years; null: for ever. */
const KeptFor = v.nullable(
  v.pipe(
    v.string(),
    v.check(
      (text) => (parseDuration(text, LONGEST_MS) ?? 0) >= DAY_MS,
      "Expected a duration from 1d to 3650d, such as 90d, or null: for ever",
    ),
    v.transform((text) => formatDuration(parseDuration(text, LONGEST_MS)!)),
  ),
);

/** How long an organisation keeps its points, and the hours that they came to. */
export const Retention = v.pipe(
  v.strictObject({ raw: KeptFor, rollups: KeptFor }),
  v.forward(
    v.check(({ raw, rollups }) => keptForMs(rollups) >= keptForMs(raw), "Rollups are kept for at least as long as the points they are of"),
    ["rollups"],
  ),
);
export type Retention = v.InferOutput<typeof Retention>;

/** Milliseconds; Infinity: for ever. */
export const keptForMs = (kept: string | null): number => (kept === null ? Infinity : parseDuration(kept, LONGEST_MS)!);
