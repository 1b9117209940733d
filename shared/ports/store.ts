import type { OrgId } from "../contract/ids.ts";
import type { AlertsStore, ChannelsStore, DeliveriesStore, GroupsStore, InstancesStore, RulesStore } from "./alerting.ts";
import type { AlertingDue } from "./alerting-due.ts";
import type { AlertPoliciesStore, SuppressionDue } from "./alert-policies.ts";
import type { ChangeEventsStore, ChangesAge } from "./change-events.ts";
import type { AnomaliesStore, DetectionDue, DetectionStore } from "./detection.ts";
import type { DetectionBudgetStore } from "./detection-budget.ts";
import type { DetectionSettingsStore } from "./detection-settings.ts";
import type { ForecastAccuracyStore, Measuring } from "./forecast-accuracy.ts";
import type { ForecastJobsDue, ForecastJobsStore } from "./forecast-jobs.ts";
import type { ForecastingDue, ForecastsStore } from "./forecasts.ts";
import type { HistoryStore } from "./history.ts";
import type { InboxStore } from "./inbox.ts";
import type { EventStore, IdempotencyStore, KeyRing, KeysStore, LeaseStore, OrgsStore } from "./platform.ts";
import type { CompactionStore, DeadLetterStore, Expiry, PointStore, RetentionStore, SeriesStore } from "./points.ts";
import type { StormsDue, StormsStore } from "./storms.ts";
import type { ToldLabelsStore } from "./told-labels.ts";
import type { VerdictsStore } from "./verdicts.ts";
import type { SealedStore } from "./sealed.ts";
import type { WatchdogsDue, WatchdogStore } from "./watchdog.ts";

/** The only door to stored data: tenant data is reached through its organisation, so no query can forget it. */
export interface Store {
  forOrg(org: OrgId): OrgStore;
  readonly platform: PlatformStore;
}

/** What belongs to one organisation. */
export interface OrgStore {
  readonly org: OrgId;
  readonly points: PointStore;
  readonly series: SeriesStore;
  readonly retention: RetentionStore;
  readonly deadLetters: DeadLetterStore;
  readonly detection: DetectionStore;
  readonly detectionSettings: DetectionSettingsStore;
  readonly detectionBudget: DetectionBudgetStore;
  readonly anomalies: AnomaliesStore;
  readonly verdicts: VerdictsStore;
  readonly forecasts: ForecastsStore;
  readonly forecastAccuracy: ForecastAccuracyStore;
  readonly forecastJobs: ForecastJobsStore;
  readonly keys: KeysStore;
  readonly idempotency: IdempotencyStore;
  readonly rules: RulesStore;
  readonly instances: InstancesStore;
  readonly alerts: AlertsStore;
  readonly groups: GroupsStore;
  readonly channels: ChannelsStore;
  readonly storms: StormsStore;
  readonly toldLabels: ToldLabelsStore;
  readonly deliveries: DeliveriesStore;
  readonly inbox: InboxStore;
  readonly alertPolicies: AlertPoliciesStore;
  readonly changeEvents: ChangeEventsStore;
  readonly history: HistoryStore;
  readonly watchdog: WatchdogStore;
  /** How far a consumer has read the write log: 0 at first. */
  cursor(consumer: string): Promise<number>;
}

/** What stands above organisations: only the runtime, ticks and the platform's operator use it. */
export interface PlatformStore {
  readonly orgs: OrgsStore;
  readonly keyRing: KeyRing;
  readonly events: EventStore;
  readonly leases: LeaseStore;
  readonly compaction: CompactionStore;
  readonly expiry: Expiry;
  readonly alerting: AlertingDue;
  readonly storms: StormsDue;
  readonly suppression: SuppressionDue;
  readonly changes: ChangesAge;
  readonly watchdogs: WatchdogsDue;
  readonly sealed: SealedStore;
  readonly forecasting: ForecastingDue;
  readonly measuring: Measuring;
  readonly forecastJobs: ForecastJobsDue;
  readonly detecting: DetectionDue;
  /** Answers when the database does. */
  ping(): Promise<void>;
}
