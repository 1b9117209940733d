import type { Alert } from "../../contract/alert.ts";

/** Where somebody who was told of an alert may look, by what the place is called. */
export interface AlertLink {
  readonly name: string;
  /** http or https, ASCII, without spaces, quotes and angle brackets. */
  readonly url: string;
}

/** Annotations that hold addresses. @see Prometheus, "Alerting rules"; the mixins of Prometheus' community name them so. */
const NAMES: Readonly<Record<string, string>> = { runbook_url: "Runbook", dashboard_url: "Dashboard" };
/** Characters of an address: a longer one would leave no room for what it is about. */
const URL_LIMIT = 500;

/**
 * The links in the annotations of an alert, and the annotations that are none: one whose text is no http or https address, or too long
 * for a link, stays a text.
 */
export function splitLinks(annotations: Alert["annotations"]): {
  readonly links: readonly AlertLink[];
  readonly texts: readonly (readonly [name: string, text: string])[];
} {
  const links = new Map<string, AlertLink>();
  for (const [annotation, name] of Object.entries(NAMES)) {
    const url = Object.hasOwn(annotations, annotation) ? addressIn(annotations[annotation]!) : null;
    if (url !== null) links.set(annotation, { name, url });
  }
  return { links: [...links.values()], texts: Object.entries(annotations).filter(([annotation]) => !links.has(annotation)) };
}

function addressIn(text: string): string | null {
  const url = URL.parse(text.trim());
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return null;
  // What ends a link on some channel, and stands in a URL as it is.
  const href = url.href.replaceAll(/[^\x21-\x7e]|["'<>`|\\^{}]/g, encodeURIComponent).replaceAll("'", "%27");
  return href.length <= URL_LIMIT ? href : null;
}
