import { AnomalyRate, AnomalyRateQuery, MAX_RATE_BUCKETS } from "../../shared/contract/anomaly-rate.ts";
import { invalid } from "../../shared/contract/problem.ts";
import { formatDuration, isoTime, LATEST_MS } from "../../shared/contract/time.ts";
import { anomalyRate } from "../../shared/core/detect/anomaly-rate.ts";
import { spanOf } from "../../shared/core/detect/scored-spans.ts";
import { periodStart } from "../../shared/core/forecast/periods.ts";
import { route } from "../../shared/runtime/route.ts";

const DEFAULT_WINDOW_MS = 7 * 86_400_000;
/** Anomalies that are looked at for an answer: counting them takes a few tenths of a second. */
const MOST_ANOMALIES = 100_000;

const TOO_MANY_BUCKETS = `There would be more than ${MAX_RATE_BUCKETS} buckets. Ask for a longer step, or a shorter window`;
const TOO_MANY_ANOMALIES = `The window has more than ${MOST_ANOMALIES} anomalies. Ask for a shorter one`;

export const readAnomalyRate = route({
  method: "GET",
  path: "/api/v1/anomalies/rate",
  summary: "Read how many series were anomalous over time, and what share of those that were scored",
  scope: "read",
  input: AnomalyRateQuery,
  output: AnomalyRate,
  etag: true,
  problems: [],

  async handle({ step, ...asked }, { org }, { store, clock }) {
    const { anomalies, detection } = store.forOrg(org);
    const now = clock.now();
    const lastAsked = asked.to ?? Math.max(now + 1, (asked.from ?? 0) + 1);
    const from = periodStart(asked.from ?? Math.max(0, lastAsked - DEFAULT_WINDOW_MS), step);
    const to = periodStart(lastAsked - 1, step) + step;
    if ((asked.from ?? 0) >= lastAsked) throw invalid([{ path: "from", message: "Expected from before to" }]);
    const buckets = (to - from) / step;
    if (buckets > MAX_RATE_BUCKETS) throw invalid([{ path: "step", message: TOO_MANY_BUCKETS }]);

    // What is open now is so up to now: nobody knows of later.
    const times = await anomalies.times({ from, to: Math.min(to, now + 1), limit: MOST_ANOMALIES + 1 });
    if (times.length > MOST_ANOMALIES) throw invalid([{ path: "from", message: TOO_MANY_ANOMALIES }]);
    const scored = await detection.scoredSpans(spanOf(step), { from, to });
    return {
      from: isoTime(Math.max(0, from)),
      to: isoTime(Math.min(LATEST_MS, to)),
      step: formatDuration(step),
      ...anomalyRate(times, scored, { from, step, buckets }),
    };
  },
});
