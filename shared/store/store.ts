import type { OrgId, SeriesId } from "../contract/ids.ts";
import type { Store } from "../ports/store.ts";
import { alertPoliciesStore, suppressionDue } from "./alert-policies.ts";
import { alertingDue } from "./alerting-due.ts";
import { alertsStore } from "./alerts.ts";
import { anomaliesStore } from "./anomalies.ts";
import { changeEventsStore, changesAge } from "./change-events.ts";
import { channelsStore } from "./channels.ts";
import { compactionStore } from "./compaction.ts";
import { readCursor } from "./cursors.ts";
import type { Database } from "./database.ts";
import { deadLetterStore } from "./dead-letters.ts";
import { deliveriesStore } from "./deliveries.ts";
import { detectionDue, detectionStore } from "./detection.ts";
import { detectionBudgetStore } from "./detection-budget.ts";
import { detectionSettingsStore } from "./detection-settings.ts";
import { eventStore } from "./events.ts";
import { forecastAccuracyStore, measuring } from "./forecast-accuracy.ts";
import { forecastJobsDue, forecastJobsStore } from "./forecast-jobs.ts";
import { forecastingDue, forecastsStore } from "./forecasts.ts";
import { groupsStore } from "./groups.ts";
import { historyStore } from "./history.ts";
import { idempotencyStore } from "./idempotency.ts";
import { inboxStore } from "./inbox.ts";
import { instancesStore } from "./instances.ts";
import { keyRing, keysStore } from "./keys.ts";
import { leaseStore } from "./leases.ts";
import { orgsStore } from "./orgs.ts";
import { createOutbox } from "./outbox.ts";
import type { Invocation } from "./outbox.ts";
import { pointStore } from "./points.ts";
import { createSeriesResolver } from "./resolved-series.ts";
import { expiry, knownFloors, retentionStore } from "./retention.ts";
import { rulesStore } from "./rules.ts";
import type { KnownRules } from "./rules.ts";
import { seriesStore } from "./series.ts";
import { stormsDue, stormsStore } from "./storms.ts";
import { toldLabelsStore } from "./told-labels.ts";
import { verdictsStore } from "./verdicts.ts";
import { sealedStore } from "./sealed.ts";
import { watchdogsDue, watchdogStore } from "./watchdog.ts";

/** Opens the stores of one process: what it returns gives each invocation a store of its own, at the cost of a few objects. */
export function createStores(database: Database): (invocation: Invocation) => Store {
  const described = new Set<SeriesId>();
  const floors = knownFloors(database);
  const resolver = createSeriesResolver();
  const knownRules: KnownRules = new Map();
  return (invocation) => {
    const outbox = createOutbox(database, invocation);
    return {
      forOrg: (org: OrgId) => ({
        org,
        points: pointStore(database, outbox, invocation, org, described, floors),
        retention: retentionStore(database, org),
        series: seriesStore(database, org, resolver),
        deadLetters: deadLetterStore(database, org),
        detection: detectionStore(database, outbox, org),
        detectionSettings: detectionSettingsStore(database, outbox, org),
        detectionBudget: detectionBudgetStore(database, org),
        anomalies: anomaliesStore(database, org),
        verdicts: verdictsStore(database, outbox, org),
        forecasts: forecastsStore(database, outbox, org),
        forecastAccuracy: forecastAccuracyStore(database, org),
        forecastJobs: forecastJobsStore(database, outbox, org),
        keys: keysStore(database, org),
        idempotency: idempotencyStore(database, org),
        rules: rulesStore(database, outbox, org, knownRules),
        instances: instancesStore(database, outbox, org),
        alerts: alertsStore(database, org),
        groups: groupsStore(database, org),
        channels: channelsStore(database, org),
        storms: stormsStore(database, org),
        toldLabels: toldLabelsStore(database, org),
        deliveries: deliveriesStore(database, org),
        inbox: inboxStore(database, org),
        alertPolicies: alertPoliciesStore(database, org),
        changeEvents: changeEventsStore(database, org),
        history: historyStore(database, org),
        watchdog: watchdogStore(database, org),
        cursor: (consumer) => readCursor(database, consumer, org),
      }),
      platform: {
        orgs: orgsStore(database),
        keyRing: keyRing(database),
        events: eventStore(database, outbox),
        leases: leaseStore(database),
        compaction: compactionStore(database),
        expiry: expiry(database),
        alerting: alertingDue(database),
        storms: stormsDue(database),
        suppression: suppressionDue(database),
        changes: changesAge(database),
        watchdogs: watchdogsDue(database),
        sealed: sealedStore(database),
        forecasting: forecastingDue(database),
        measuring: measuring(database),
        forecastJobs: forecastJobsDue(database, outbox),
        detecting: detectionDue(database),
        async ping() {
          await database.read("SELECT 1", {});
        },
      },
    };
  };
}
