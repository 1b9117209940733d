import { Problem, PROBLEMS, Unavailable } from "../contract/problem.ts";

/** Where a problem's `type` lives; the kind ends it. */
export const PROBLEM_BASE = "https://intentvision.dev/problems/";

const INTERNAL_DETAIL = "Something failed on our side. The request id leads to it in our log.";
const UNAVAILABLE_DETAIL = "Something that we depend on does not answer. The same request may be sent again.";

export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

/**
 * The whole answer to a refused request.
 *
 * @param problem - `detail`, `errors` and `members` are sent, `cause` never is. The members `acceptEncoding`, a list, and `retryAfterS` go out as
 *   headers too.
 * @param instance - The path that was asked for, without its query, which may hold secrets; undefined when nothing was read of it.
 * @see RFC 9457; RFC 7694 section 3 for Accept-Encoding on 415.
 */
export function problemResponse(problem: Problem, instance: string | undefined): ProblemResponse {
  const { status, title } = PROBLEMS[problem.kind];
  const headers: Record<string, string> = { "Content-Type": "application/problem+json", "Cache-Control": "no-store" };
  const { acceptEncoding, retryAfterS } = problem.members;
  if (Array.isArray(acceptEncoding)) headers["Accept-Encoding"] = acceptEncoding.join(", ");
  if (typeof retryAfterS === "number") headers["Retry-After"] = String(retryAfterS);
  const body = {
    ...problem.members,
    type: PROBLEM_BASE + problem.kind,
    title,
    status,
    detail: problem.detail,
    instance,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
  };
  return { status, headers, body: JSON.stringify(body) };
}

/** What is answered to a throw: a Problem as it is, Unavailable as `unavailable`, anything else as `internal`, which tells nothing. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Unavailable) return new Problem("unavailable", UNAVAILABLE_DETAIL, { cause: error });
  return new Problem("internal", INTERNAL_DETAIL, { cause: error });
}
