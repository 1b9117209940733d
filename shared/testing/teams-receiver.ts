import * as v from "valibot";
import { isTaken, startHttpReceiver } from "./http-receiver.ts";
import type { HttpReceiver, ReceivedRequest } from "./http-receiver.ts";

interface ReceivedCard extends ReceivedRequest {
  /** The parsed body; null where it is not JSON. */
  readonly message: unknown;
  /** What Teams would not have shown; empty for a good message. */
  readonly faults: readonly string[];
  readonly taken: boolean;
}

export interface TeamsReceiver extends HttpReceiver {
  /** Every request, in the order of arrival. */
  requests(): readonly ReceivedCard[];
}

const MAX_BYTES = 28 * 1_024;
const text = v.pipe(v.string(), v.minLength(1));
const colour = v.picklist(["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"]);
const spacing = v.optional(v.picklist(["None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"]));
const weight = v.optional(v.picklist(["Lighter", "Default", "Bolder"]));
const size = v.optional(v.picklist(["Default", "Small", "Medium", "Large", "ExtraLarge"]));
const separator = v.optional(v.boolean());
const OpenUrl = v.strictObject({ type: v.literal("Action.OpenUrl"), url: v.pipe(v.string(), v.url()), title: v.optional(text) });
const TextRun = v.strictObject({
  type: v.literal("TextRun"),
  text,
  color: v.optional(colour),
  weight,
  size,
  isSubtle: v.optional(v.boolean()),
  selectAction: v.optional(OpenUrl),
});

/** Elements of Adaptive Cards up to 1.4. @see https://adaptivecards.io/explorer */
const Element: v.GenericSchema = v.variant("type", [
  v.strictObject({ type: v.literal("RichTextBlock"), inlines: v.pipe(v.array(TextRun), v.minLength(1)), spacing, separator }),
  v.strictObject({
    type: v.literal("Container"),
    items: v.pipe(v.array(v.lazy(() => Element)), v.minLength(1)),
    style: v.optional(v.picklist(["default", "emphasis", "good", "attention", "warning", "accent"])),
    spacing,
    separator,
  }),
]);
const Card = v.strictObject({
  $schema: v.literal("http://adaptivecards.io/schemas/adaptive-card.json"),
  type: v.literal("AdaptiveCard"),
  version: v.picklist(["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]),
  fallbackText: v.optional(text),
  msteams: v.optional(v.strictObject({ width: v.literal("Full") })),
  body: v.pipe(v.array(Element), v.minLength(1)),
  actions: v.optional(v.pipe(v.array(OpenUrl), v.maxLength(6))),
});
const Message = v.strictObject({
  type: v.literal("message"),
  attachments: v.strictTuple([
    v.strictObject({
      contentType: v.literal("application/vnd.microsoft.card.adaptive"),
      contentUrl: v.nullable(v.string()),
      content: Card,
    }),
  ]),
});

/**
 * Starts a receiver of a Teams workflow that posts cards: it answers 202, or 400 where the message is no card that Teams shows.
 * @param options.now - The clock of the recorded times. Default: the system's.
 */
export async function startTeamsReceiver(options: { readonly now?: () => number } = {}): Promise<TeamsReceiver> {
  const requests: ReceivedCard[] = [];
  const receiver = await startHttpReceiver(
    (request, told) => {
      const message = parse(request);
      const faults = teamsFaults(message);
      const answer = told ?? (faults.length === 0 ? { status: 202 } : { status: 400, body: "Bad payload" });
      requests.push({ ...request, message, faults, taken: isTaken(answer) });
      return answer;
    },
    "/workflows/0123456789abcdef/triggers/manual/paths/invoke?sig=XXXXXXXX",
    options.now,
  );
  return { ...receiver, requests: () => requests };
}

function parse({ method, headers, body }: ReceivedRequest): unknown {
  if (method !== "POST" || !/^application\/json\b/i.test(headers["content-type"] ?? "")) return null;
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** Everything that is wrong with a message. */
export function teamsFaults(message: unknown): readonly string[] {
  const bytes = Buffer.byteLength(JSON.stringify(message));
  const faults = (v.safeParse(Message, message).issues ?? []).map(
    ({ message: wanted, path }) => `${(path ?? []).map(({ key }) => String(key)).join(".")}: ${wanted}`,
  );
  return bytes >= MAX_BYTES ? [...faults, `${bytes} bytes, to stay under ${MAX_BYTES}`] : faults;
}
