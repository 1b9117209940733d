import * as v from "valibot";

/** Every kind of refusal there is: the slug ends the problem's `type` (RFC 9457), the title never changes. */
export const PROBLEMS = {
  "malformed-request": { status: 400, title: "The request cannot be read" },
  "validation-failed": { status: 400, title: "The request does not match its contract" },
  unauthenticated: { status: 401, title: "A valid API key is required" },
  forbidden: { status: 403, title: "This key may not do that" },
  "not-found": { status: 404, title: "No such resource in this organisation" },
  "method-not-allowed": { status: 405, title: "This path does not take that method" },
  conflict: { status: 409, title: "The request conflicts with the present state" },
  "in-flight": { status: 409, title: "A request with this idempotency key is being worked on" },
  "precondition-failed": { status: 412, title: "The resource has changed since it was read" },
  "too-large": { status: 413, title: "The request is larger than its limit" },
  "unsupported-media-type": { status: 415, title: "The content type or encoding is not taken here" },
  "nothing-accepted": { status: 422, title: "None of the metrics was accepted" },
  "series-too-short": { status: 422, title: "The series is too short for this request" },
  "idempotency-mismatch": { status: 422, title: "The idempotency key was used with another request" },
  "limit-reached": { status: 422, title: "A limit of the organisation is reached" },
  "backend-unavailable": { status: 422, title: "The backend that was asked for is not configured" },
  "rate-limited": { status: 429, title: "Too many requests for this key" },
  "request-timeout": { status: 408, title: "The request did not arrive in time" },
  internal: { status: 500, title: "Something failed on our side" },
  unavailable: { status: 503, title: "Something that we depend on does not answer" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemKind = keyof typeof PROBLEMS;

export const FieldError = v.strictObject({ path: v.string(), message: v.string() });
export type FieldError = v.InferOutput<typeof FieldError>;

/** RFC 9457, `application/problem+json`. Some kinds carry further members; nothing in it is secret. */
export const ProblemBody = v.looseObject({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.optional(v.string()),
  instance: v.optional(v.string()),
  errors: v.optional(v.array(FieldError)),
});
export type ProblemBody = v.InferOutput<typeof ProblemBody>;

/** What a verb throws to refuse a request. `detail`, `errors` and `members` are sent; `cause` is logged only. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly detail: string;
  readonly errors: readonly FieldError[];
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    kind: ProblemKind,
    detail: string,
    more: { errors?: readonly FieldError[]; members?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(`${kind}: ${detail}`, { cause: more.cause });
    this.name = "Problem";
    this.kind = kind;
    this.detail = detail;
    this.errors = more.errors ?? [];
    this.members = more.members ?? {};
  }
}

const MOST_FIELD_ERRORS = 100;
/** Of what came, messages and paths quote so much. */
const MOST_CHARACTERS = 300;
/** A value of more parts than this is told the first thing that is wrong with it, not all. */
const FEW_PARTS = 10_000;

/** Refuses a request whose members are wrong, each with its path. */
export const invalid = (errors: readonly FieldError[]) =>
  new Problem("validation-failed", errors.length === 1 ? "One member is wrong." : `${errors.length} members are wrong.`, { errors });

/**
 * Parses what came in by its schema.
 *
 * All that is wrong with a small value is told. Of a large one it is the first thing only: else a body of millions of wrong members
 * would be worth millions of issues, in memory all at once.
 * @throws Problem validation-failed.
 */
export function parseOrRefuse<const Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const all = hasAtMost(FEW_PARTS, value) ? v.safeParse(schema, value) : parsed;
  throw invalid(fieldErrors(all.issues ?? parsed.issues));
}

/** valibot's issues as the problem shows them: dotted paths, indices in brackets; of one text or number the first thing that is wrong with it. */
export function fieldErrors(issues: readonly v.BaseIssue<unknown>[]): FieldError[] {
  const told = new Set<string>();
  return issues.slice(0, MOST_FIELD_ERRORS).flatMap((issue) => {
    const path = cut(
      (issue.path ?? []).reduce(
        (text, { key }) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
        "",
      ),
    );
    const message = cut(messageOf(issue));
    const isWhole = typeof issue.input === "object";
    const key = isWhole ? `${path} ${message}` : path;
    if (told.has(key)) return [];
    told.add(key);
    return [{ path, message }];
  });
}

/** valibot's message; of a key that is unknown or missing, one in words of the interface. */
function messageOf({ type, path, expected, received, message }: v.BaseIssue<unknown>): string {
  if (type === "variant" && received === "undefined") return `This member is missing: expected ${expected}`;
  const origin = type === "strict_object" ? path?.at(-1)?.origin : undefined;
  if (origin !== "key") return message;
  if (expected === "never") return "There is no such member";
  return received === "undefined" ? "This member is missing" : message;
}

const cut = (text: string): string => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text).toWellFormed();

/** Counts the parts of a JSON value, its members and theirs, and stops as soon as there are too many. */
function hasAtMost(most: number, value: unknown): boolean {
  const open = [value];
  let n = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null) continue;
    if (Array.isArray(next) && n + next.length > most) return false;
    for (const name in next) {
      if (++n > most) return false;
      open.push((next as Record<string, unknown>)[name] ?? null);
    }
  }
  return true;
}

/** The one answer for what is missing and what belongs to somebody else. */
export const notFound = () => new Problem("not-found", "There is no such resource in this organisation.");

/** Broken I/O: thrown by adapters, answered 503, or retried where it was an event. */
export class Unavailable extends Error {
  readonly retryable: boolean;

  constructor(message: string, more: { retryable: boolean; cause?: unknown }) {
    super(message, { cause: more.cause });
    this.name = "Unavailable";
    this.retryable = more.retryable;
  }
}
