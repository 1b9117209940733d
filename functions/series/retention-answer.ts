import type { Retention } from "../../shared/contract/retention.ts";
import { formatDuration } from "../../shared/contract/time.ts";
import type { KeptFor } from "../../shared/ports/points.ts";

export const retentionOf = ({ rawMs, rollupsMs }: KeptFor): Retention => ({ raw: text(rawMs), rollups: text(rollupsMs) });

const text = (ms: number | null): string | null => (ms === null ? null : formatDuration(ms));
