import { acceptMetrics, SERIES_LIMIT_REACHED } from "../../shared/core/ingest/accept.ts";
import type { Accepted } from "../../shared/core/ingest/accept.ts";
import type { Floor } from "../../shared/core/ingest/floor.ts";
import { withoutRefused } from "../../shared/core/ingest/intake.ts";
import type { Intake } from "../../shared/core/ingest/intake.ts";
import type { Deps } from "../../shared/ports.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { TenantContext } from "../../shared/runtime/route.ts";

/** Judges a batch of our own JSON; points past their retention, and those of new series beyond the organisation's limit, are rejected too. */
export async function judge(metrics: readonly unknown[], at: number, { series, points }: OrgStore): Promise<Accepted> {
  const floor = await points.floor(at);
  const accepted = acceptMetrics(metrics, at, series.resolve, undefined, floor);
  const beyond = await points.beyondLimit(accepted.points.series);
  return beyond.size === 0 ? accepted : acceptMetrics(metrics, at, series.resolve, beyond, floor);
}

/**
 * Makes what a protocol brought durable: its points, and what was rejected as dead letters.
 * @returns What was taken in in the end: points past their retention, and those of new series beyond the organisation's limit, are rejected too.
 */
export async function takeIn(source: string, brought: Intake, { org, takePoints }: TenantContext, { store, clock }: Deps): Promise<Intake> {
  takePoints(brought.points.timestamps.length + brought.rejections);
  const tenant = store.forOrg(org);
  const kept = withoutOld(brought, await tenant.points.floor(clock.now()));
  const beyond = await tenant.points.beyondLimit(kept.points.series);
  const intake = beyond.size === 0 ? kept : withoutRefused(kept, (series) => (beyond.has(series) ? SERIES_LIMIT_REACHED : null));
  const { points, metadata, rejected } = intake;
  await tenant.points.append({
    points,
    metadata,
    rejected: rejected.map((point) => ({ source, ...point })),
    at: clock.now(),
  });
  return intake;
}

function withoutOld(brought: Intake, floor: Floor | null): Intake {
  if (floor === null || brought.points.timestamps.every((timestamp) => timestamp >= floor.earliest)) return brought;
  return withoutRefused(brought, (_series, timestamp) => (timestamp < floor.earliest ? `timestamp: ${floor.reason}` : null));
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
