import type { Event } from "../contract/events.ts";
import type { AlertId, OrgId } from "../contract/ids.ts";
import type { Rule } from "../contract/rule.ts";
import type { InstanceChange } from "../core/alert/alert-record.ts";
import type { EpisodeState } from "../core/alert/step.ts";
import { upsertAlerts } from "./alerts.ts";
import type { Statement } from "./database.ts";
import type { Outbox } from "./outbox.ts";

// An instance that is at another version than it was loaded with gets NULL, which its column refuses: the whole batch fails.
const UPSERT = `
  INSERT INTO rule_instance (id, org, rule, series, metric_key, dimensions, version, condition, severity, state, last_evaluated_at,
    checkpoints, due_at)
  SELECT value ->> 'id', :org, value ->> 'rule', coalesce(value ->> 'series', value ->> 'id'), value ->> '$.of.metricKey', value -> '$.of.dimensions',
    CASE value ->> 'version' WHEN coalesce((SELECT version FROM rule_instance WHERE id = value ->> 'id' AND org = :org), 0)
      THEN (value ->> 'version') + 1 END,
    value ->> 'condition', value ->> 'severity', value -> 'state', value ->> 'lastEvaluatedAt',
    value -> 'checkpoints', value ->> 'dueAt'
  FROM json_each(:rows) WHERE true
  ON CONFLICT (id) DO UPDATE SET metric_key = coalesce(excluded.metric_key, metric_key), dimensions = coalesce(excluded.dimensions, dimensions),
    version = excluded.version, condition = excluded.condition, severity = excluded.severity,
    state = excluded.state, last_evaluated_at = excluded.last_evaluated_at, checkpoints = excluded.checkpoints, due_at = excluded.due_at`;
// Fails the batch when a rule has more instances than it may have. Counts on rule_instance_watching.
const REQUIRE_ROOM = `
  UPDATE rule_instance SET version = NULL
  WHERE org = :org AND rule IN (
    SELECT value FROM json_each(:rules)
    WHERE (SELECT count(*) FROM rule_instance AS own WHERE own.org = :org AND own.rule = value AND own.metric_key IS NOT NULL)
      > (SELECT definition ->> 'maxInstances' FROM rule WHERE rule.id = value AND rule.org = :org))`;
// Rides the primary key, once for each id: the + keeps the planner from going through the organisation instead.
const FORGET = "DELETE FROM rule_instance WHERE +org = :org AND id IN (SELECT value FROM json_each(:ids))";
const INSERT_TRANSITIONS = `
  INSERT INTO alert_transition (org, instance, alert, kind, from_state, to_state, at, recorded_at, actor, reason, rule_version)
  SELECT :org, value ->> 'instance', value ->> 'alert', value ->> 'kind', value ->> 'from', value ->> 'to', value ->> 'at', :at,
    value ->> 'actor', value ->> 'reason', value ->> 'ruleVersion'
  FROM json_each(:rows)`;

/** What the evaluation of a rule changes. */
export interface Evaluated {
  readonly rule: Pick<Rule, "id" | "version">;
  readonly changes: readonly InstanceChange[];
}

/**
 * The statements and events of evaluated instances; their batch fails when one of them has moved since it was loaded.
 * @param at - When it is recorded, Unix ms.
 */
export function writeInstances(
  outbox: Outbox,
  org: OrgId,
  evaluations: readonly Evaluated[],
  at: number,
): { statements: Statement[]; events: Event[] } {
  const all = evaluations.flatMap(({ rule, changes }) => changes.map((change) => ({ rule, ...change })));
  if (all.length === 0) return { statements: [], events: [] };
  const instances = all.map(({ rule, of, instance: { id, series, version, state }, pace = { checkpoints: [], dueAt: at } }) => {
    const { state: condition, severity, lastEvaluatedAt } = state;
    return { id, rule: rule.id, series, of, version, condition, severity, state, lastEvaluatedAt, ...pace };
  });
  const statements: Statement[] = [{ sql: UPSERT, args: { org, rows: JSON.stringify(instances) } }];
  // What tells of the rule itself takes up no room: a rule that is full, or over a limit that was lowered, has to tell of that too.
  const isNew = ({ instance, of }: InstanceChange) => instance.version === 0 && of != null;
  const grown = evaluations.filter(({ changes }) => changes.some(isNew)).map(({ rule }) => rule.id);
  if (grown.length > 0) statements.push({ sql: REQUIRE_ROOM, args: { org, rules: JSON.stringify(grown) } });
  const forgotten = all.filter(({ forget }) => forget === true).map(({ instance }) => instance.id);
  if (forgotten.length > 0) statements.push({ sql: FORGET, args: { org, ids: JSON.stringify(forgotten) } });
  const alerts = all.flatMap(({ rule, alerts: own }) => own.map((alert) => ({ ...alert, ruleVersion: rule.version })));
  if (alerts.length > 0) statements.push(upsertAlerts(org, alerts));
  const transitions = all.flatMap(({ rule, instance, transitions: own }) =>
    own.map((transition) => ({
      ...transition,
      instance: instance.id,
      alert: transition.kind === "episode" ? transition.episode.id : null,
      ruleVersion: rule.version,
    })),
  );
  if (transitions.length > 0) statements.push({ sql: INSERT_TRANSITIONS, args: { org, at, rows: JSON.stringify(transitions) } });
  const events = all.flatMap(({ instance, transitions: own }) => {
    // One for each episode, with the state it ended up in: whoever hears of it loads the episode as it is then.
    const moved = new Map<AlertId, EpisodeState>();
    for (const transition of own) {
      if (transition.kind !== "episode") continue;
      // That it flaps, or is calm, is no acknowledgement once more.
      const isNoMove = (transition.reason === "flapping" || transition.reason === "calm") && transition.to === "acknowledged";
      moved.set(transition.episode.id, isNoMove ? (moved.get(transition.episode.id) ?? "open") : transition.to);
    }
    const version = instance.version + 1;
    return [...moved].map(([alert, to]) => outbox.event("alert.changed", org, at, { alert, version, to: to === "open" ? "firing" : to }));
  });
  return { statements, events };
}
