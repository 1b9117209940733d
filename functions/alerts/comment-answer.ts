import type { AlertComment } from "../../shared/contract/alert.ts";
import { isoTime } from "../../shared/contract/time.ts";
import type { CommentRecord } from "../../shared/ports/alerting.ts";

/** A comment as the API shows it. */
export const commentAnswer = ({ alert: _, at, ...comment }: CommentRecord): AlertComment => ({ ...comment, at: isoTime(at) });
