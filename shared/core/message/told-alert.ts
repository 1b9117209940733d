import type { Alert, Related } from "../../contract/alert.ts";
import { alertAnswer } from "../alert/alert-answer.ts";
import type { AlertRecord } from "../alert/alert-record.ts";
import { renderAnnotations } from "./template.ts";

/**
 * An alert as messages and the API tell it: its annotations filled in.
 * @param related - What is known around it; undefined where that is not asked.
 * @param now - Unix ms.
 */
export function toldAlert(alert: AlertRecord, related: Related | undefined, now: number): Alert {
  const answer: Alert = { ...alertAnswer(alert, now), ...(related === undefined ? {} : { related }) };
  return { ...answer, annotations: renderAnnotations(answer, now) };
}
