import type { Intake } from "../../shared/core/ingest/intake.ts";
import type { Deps } from "../../shared/ports.ts";
import type { TenantContext } from "../../shared/runtime/route.ts";

/** Makes what a protocol brought durable: its points, and what was rejected as dead letters. */
export async function takeIn(source: string, intake: Intake, { org, takePoints }: TenantContext, { store, clock }: Deps): Promise<void> {
  const { points, metadata, rejected } = intake;
  takePoints(points.timestamps.length);
  await store.forOrg(org).points.append({
    points,
    metadata,
    rejected: rejected.map((point) => ({ source, ...point })),
    at: clock.now(),
  });
}

const REASONS_TOLD = 5;

/** What the sender is told of rejected points: how many, and the first few reasons. */
export function tellRejected({ points, rejected, rejections }: Intake): string {
  const reasons = [...new Set(rejected.map(({ reason }) => reason))];
  const told = reasons.slice(0, REASONS_TOLD).join("; ");
  const more = reasons.length > REASONS_TOLD ? `; and ${reasons.length - REASONS_TOLD} reasons more` : "";
  const kept = rejected.length === rejections ? "are kept" : `the first ${rejected.length} of them are kept`;
  return `${points.timestamps.length} points were taken in, ${rejections} were not and ${kept} as dead letters. ${told}${more}`;
}
