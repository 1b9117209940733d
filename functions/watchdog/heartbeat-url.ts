import type { OrgId } from "../../shared/contract/ids.ts";
import { sealingContext } from "../../shared/ports/sealed.ts";
import type { SecretBox } from "../../shared/ports.ts";

/** Seals the URL of a heartbeat: who knows it can beat in our place. */
export const sealUrl = (secrets: SecretBox, org: OrgId, url: string): string => secrets.seal(url, sealingContext(org, "watchdog"));
/** The URL in the clear. @throws when it was sealed for another organisation, or with another key. */
export const openUrl = (secrets: SecretBox, org: OrgId, sealed: string): string => secrets.open(sealed, sealingContext(org, "watchdog"));
