import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpTrigger } from "../../functions/manifest.ts";
import type { Problem } from "../../shared/contract/problem.ts";
import type { Handler, HandlerRequest } from "../../shared/runtime/entry.ts";

/** A function behind the gateway, and the rewrites that lead to it. */
export interface Backend {
  readonly paths: HttpTrigger["paths"];
  readonly handler: Handler;
}

/** Whether the path of a rewrite, such as `/api/v1/rules/**`, takes in a request's path. */
export const takesIn = (pattern: string, path: string): boolean =>
  pattern.endsWith("/**") ? path.startsWith(pattern.slice(0, -2)) : path === pattern || path === `${pattern}/`;

/** One door in front of all functions, with the rewrites of a deployment. A path that no function takes gets the answer of `otherwise`. */
export function gateway(backends: readonly Backend[], otherwise: Handler): Handler {
  const handlerFor = ({ url = "/" }: IncomingMessage): Handler => {
    const path = url.split("?", 1)[0]!;
    return backends.find(({ paths }) => paths.some((pattern) => takesIn(pattern, path)))?.handler ?? otherwise;
  };
  return Object.assign((req: HandlerRequest, res: ServerResponse) => handlerFor(req)(req, res), {
    refuse: (problem: Problem, req: IncomingMessage) => handlerFor(req).refuse?.(problem, req) ?? null,
  });
}

/** Shows the reference to whoever opens the address itself in a browser; anything else is answered by `otherwise`. */
export const rootToReference =
  (otherwise: Handler): Handler =>
  async (req, res) => {
    if (req.url !== "/" || req.method !== "GET") return otherwise(req, res);
    res.writeHead(302, { Location: "/docs" }).end();
  };
