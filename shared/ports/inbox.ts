import type { InboxMessage } from "../contract/channel.ts";
import type { ChannelId, DeliveryId, InboxMessageId } from "../contract/ids.ts";
import type { Page, PageQuery } from "../contract/page.ts";
import type { Notification } from "../core/message/alert-message.ts";

// Times are Unix ms.

/** What the inbox channels of an organisation got. */
export interface InboxStore {
  /** The message of a delivery; the same delivery again is ignored. */
  insert(message: {
    readonly delivery: DeliveryId;
    readonly channel: ChannelId;
    readonly kind: Notification["kind"];
    readonly title: string;
    readonly text: string;
    readonly alerts: InboxMessage["alerts"];
    readonly at: number;
  }): Promise<void>;
  /** Newest first; those alone that nobody has read, where that is asked for. */
  list(page: PageQuery, filter?: { readonly unread?: boolean | undefined }): Promise<Page<InboxMessage>>;
  /** Marks a message as read at a time, or as unread: null. What was read already keeps its time. null when there is no such message. */
  mark(id: InboxMessageId, readAt: number | null): Promise<InboxMessage | null>;
  /** Marks all as read that came until a time; answers how many were not. */
  markAll(until: number, readAt: number): Promise<number>;
}
