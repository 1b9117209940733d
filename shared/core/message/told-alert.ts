import type { Alert, Related } from "../../contract/alert.ts";
import { alertAnswer } from "../alert/alert-answer.ts";
import type { AlertRecord } from "../alert/alert-record.ts";
import { renderAnnotations } from "./template.ts";

/**
 * An alert as a message tells it: as the API answers it, its annotations filled in.
 * @param now - Unix ms.
 */
export function toldAlert(alert: AlertRecord, related: Related | undefined, now: number): Alert {
  const answer: Alert = { ...alertAnswer(alert, now), ...(related === undefined ? {} : { related }) };
  return { ...answer, annotations: renderAnnotations(answer, now) };
}
