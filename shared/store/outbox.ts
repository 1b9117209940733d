import type { ResultSet } from "@libsql/client";
import { topicOf } from "../contract/events.ts";
import type { Event, EventData, EventType } from "../contract/events.ts";
import type { EventId, OrgId } from "../contract/ids.ts";
import type { NewId } from "../ports.ts";
import type { Database, Statement } from "./database.ts";

/** What one invocation's store needs to know of it. */
export interface Invocation {
  readonly newId: NewId;
  readonly traceparent: string | null;
  /** Events that were committed and should be published before the answer. */
  readonly committed: Event[];
}

/** Writes batches together with the events that they cause. */
export interface Outbox {
  event<Type extends EventType>(type: Type, org: OrgId | null, at: number, data: EventData<Type>): Event<Type>;
  write(statements: readonly Statement[], events: readonly Event[]): Promise<ResultSet[]>;
}

const INSERT_EVENT = `
  INSERT INTO outbox (id, topic, event, created_at) VALUES (:id, :topic, :event, :at)
  ON CONFLICT (id) DO NOTHING`;

/** Puts an event into the outbox; the same id again is ignored. */
export const insertEvent = (event: Event): Statement => ({
  sql: INSERT_EVENT,
  args: { id: event.id, topic: topicOf(event.type), event: JSON.stringify(event), at: event.at },
});

/** The outbox of one invocation: what is committed through it is noted there, to be published before the answer. */
export function createOutbox(database: Database, { newId, traceparent, committed }: Invocation): Outbox {
  return {
    event: (type, org, at, data) => ({ id: newId<EventId>("evt"), type, org, at, traceparent, data }),
    async write(statements, events) {
      const results = await database.write([...statements, ...events.map(insertEvent)]);
      committed.push(...events);
      return results;
    },
  };
}
