import type { MailMessage } from "../ports/mail.ts";

/** No machine is to answer: RFC 3834, section 5, and what Exchange looks at. */
export const MACHINE_MADE = { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" } as const;

/** The domain of a sender. */
export const domainOf = (from: string): string => /@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? "localhost";

/** What a message is filed under, as its sender's Message-IDs: messages that name the same are one thread. */
export function threadOf(
  { threads }: MailMessage,
  from: string,
): { readonly inReplyTo: string | undefined; readonly references: readonly string[] } {
  const references = threads.map((local) => `<${local}@${domainOf(from)}>`);
  return { inReplyTo: references[0], references };
}
