import { http as register } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";
import { randomUUID } from "node:crypto";
import domain from "node:domain";
import http, { STATUS_CODES } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { Problem } from "../contract/problem.ts";
import { BODY_LIMITS, createBodyMemory, heldBytesOf, readBody, refusedUnread } from "./body.ts";
import type { BodyLimits } from "./body.ts";
import { problemResponse, toProblem } from "./problem.ts";
import type { HttpResponse } from "./serve-http.ts";

/**
 * A request as every handler gets it: `body` holds all of it, decoded; `url` starts with "/" and its percent-encoding is valid;
 * the header `x-request-id` is always there and fit for a log.
 */
export type HandlerRequest = IncomingMessage & { readonly body: Uint8Array };

/** Settles when it has ended the answer. What it throws is answered as a problem, or as `refuse` says it. */
export interface Handler {
  (req: HandlerRequest, res: ServerResponse): Promise<void>;
  /**
   * How a refusal is said to whoever sent this request, whose body is not read, or not to its end; null: as a problem, as it is
   * where a handler has no words of its own.
   */
  readonly refuse?: (problem: Problem, req: IncomingMessage) => HttpResponse | null;
}

export interface EntryOptions {
  /**
   * Told of each failure that was answered here and not by the handler: a Problem for a refusal, anything else for a bug. Without a
   * request: an error that no request can be blamed for, thrown in a timer or an unawaited promise.
   */
  readonly onError: (error: unknown, req: IncomingMessage | undefined) => void;
  readonly limits?: BodyLimits;
}

/** Stops accepting, lets running requests finish for `graceMs` (10 s), then cuts what is left. Never rejects. */
export type Close = (graceMs?: number) => Promise<void>;

const GRACE_MS = 10_000;
/** How long a refused client that still sends is listened to, so that it reads the answer before the connection goes (RFC 9112 section 9.6). */
const LINGER_MS = 2_000;
const HEADERS_TIMEOUT_MS = 15_000;
/** Longer than a load balancer keeps its idle connections (600 s), so that it never sends a request into a closing one. */
const KEEP_ALIVE_TIMEOUT_MS = 620_000;

const REQUEST_ID = /^[\w.:-]{1,100}$/;

/** An Express application, called as router: it leaves to `next` what it does not answer itself. */
type ExpressApp = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

/** What waits for the framework to hand over each request. */
const arrivals = new WeakMap<IncomingMessage, () => void>();

/**
 * The framework runs each request in a domain of its own. Nothing of ours happens in it, but the first one turns on hooks that every
 * promise of the process then goes through, which costs a quarter of a small request: it gets something that does as little.
 */
Object.assign(domain, { create: () => ({ on: () => undefined, run: (work: () => void) => work() }) });

/** The one function that the framework knows. It does nothing in the framework's context. */
function arrive(req: IncomingMessage, res: ServerResponse) {
  const resume = arrivals.get(req);
  if (resume !== undefined) resume();
  else refuse(req, res, problemResponse(toProblem(new Error("A request went past the entry.")), pathOf(req)));
}

/**
 * A function served by the framework's own server, for the local system and for tests.
 *
 * @param name - The framework's rule: a letter, then letters, digits, "-" or "_", 63 at most.
 * @returns The server, not yet listening, and what stops it gracefully.
 */
export function frameworkServer(name: string, handler: Handler, options: EntryOptions): { server: Server; close: Close } {
  register(name, arrive);
  const server = getTestServer(name);
  return { server, close: takeOver(server, handler, options) };
}

let served: string | undefined;

/**
 * Serves a function in a process that the framework's command line started; a deployed bundle calls it once, while it loads.
 *
 * The command line makes its server after loading the bundle: that one `http.createServer` call is caught, then restored. From then on
 * signals stop the process gracefully (exit code 0), and stray errors are told to `onError` and end nothing.
 */
export function serve(name: string, handler: Handler, options: EntryOptions): void {
  if (served !== undefined) throw new Error(`This process serves ${served} already; a bundle serves one function.`);
  served = name;
  register(name, arrive);

  const createServer = http.createServer;
  const caught = (...args: unknown[]): Server => {
    const server: Server = Reflect.apply(createServer, http, args);
    if (!isExpressApp(args[0])) return server;
    Object.assign(http, { createServer });
    const close = takeOver(server, handler, options);
    server.once("listening", () => ownTheProcess(close, options));
    return server;
  };
  Object.assign(http, { createServer: caught });
}

const isExpressApp = (listener: unknown) => typeof listener === "function" && "handle" in listener && "use" in listener;

/** Replaces the framework's process handlers, which end the process on a stray error and cut running requests on a signal. */
function ownTheProcess(close: Close, { onError }: EntryOptions) {
  const events = ["uncaughtException", "unhandledRejection", "SIGINT", "SIGTERM", "exit"];
  const before = new Map(events.map((event) => [event, process.listeners(event as "exit") as unknown[]]));
  // The framework adds its own in its "listening" listener, which runs after ours and before the next tick.
  process.nextTick(() => {
    for (const [event, kept] of before) {
      for (const listener of process.listeners(event as "exit")) if (!kept.includes(listener)) process.off(event, listener);
    }
    process.on("uncaughtException", (error) => onError(error, undefined));
    process.on("unhandledRejection", (error) => onError(error, undefined));
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void close().then(() => process.exit(0)));
  });
}

/** Puts our door in front of the framework's application: the body is read, and every failure answered, before and around it. */
function takeOver(server: Server, handler: Handler, { onError, limits = BODY_LIMITS }: EntryOptions): Close {
  const app = server.listeners("request")[0] as ExpressApp;
  const running = new Map<ServerResponse, Promise<unknown>>();
  const latest = new WeakMap<Duplex, ServerResponse>();
  const memory = createBodyMemory(limits);
  let stopping = false;

  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = HEADERS_TIMEOUT_MS + limits.timeoutMs + LINGER_MS;
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;

  /** In the handler's words, where it has some; should it fail at them, as a problem. */
  function refusalOf(problem: Problem, req: IncomingMessage): HttpResponse {
    try {
      const own = handler.refuse?.(problem, req) ?? null;
      if (own !== null) return own;
    } catch (error) {
      onError(error, req);
    }
    return problemResponse(problem, pathOf(req));
  }

  async function answer(req: IncomingMessage, res: ServerResponse) {
    let url = req.url ?? "";
    let heldBytes = 0;
    try {
      req.url = url = originForm(url);
      const body = await readBody(req, limits, memory);
      if (body.ok) heldBytes = heldBytesOf(req, body.value);
      if (isGone(req, res)) return;
      if (!body.ok) throw body.error;

      const request = Object.assign(req, { body: body.value });
      await throughFramework(app, request, res);
      request.url = url;
      await handler(request, res);
      if (!res.writableEnded && !isGone(req, res)) throw new Error("The handler returned before it had ended its answer.");
    } catch (error) {
      req.url = url;
      refuse(req, res, refusalOf(toProblem(error), req));
      onError(error, req);
    } finally {
      memory.resize(heldBytes, 0);
    }
  }

  const admit: RequestListener = (req, res) => {
    res.setHeader("X-Request-Id", settleRequestId(req));
    if (stopping) res.setHeader("Connection", "close");
    res.on("error", (error) => onError(error, req));
    latest.set(req.socket, res);
    const closed = new Promise((resolve) => res.once("close", resolve));
    // A failing `onError` has nobody left to tell; the client has had its answer.
    const answered = answer(req, res).catch(() => undefined);
    const done = Promise.all([answered, closed]).finally(() => running.delete(res));
    running.set(res, done);
  };

  server.removeAllListeners("request");
  server.on("request", admit);
  server.on("checkExpectation", admit);
  server.on("checkContinue", (req, res) => {
    if (refusedUnread(req, limits) === undefined) res.writeContinue();
    admit(req, res);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => refuseUnparsed(error, socket, latest.get(socket), refusalOf));

  return async (graceMs = GRACE_MS) => {
    stopping = true;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const res of running.keys()) if (!res.headersSent) res.setHeader("Connection", "close");
    let timer: NodeJS.Timeout | undefined;
    const graceEnded = new Promise<false>((resolve) => (timer = setTimeout(resolve, graceMs, false)));
    while (running.size > 0 && (await Promise.race([Promise.all(running.values()), graceEnded])) !== false);
    clearTimeout(timer);
    server.closeAllConnections();
    await closed;
  };
}

/**
 * Lets the framework's application have the request, and settles outside of it once it hands over.
 *
 * The application is shown "/" alone: of itself it answers some paths (`/favicon.ico`) without a body and others (`/%zz`) in HTML.
 */
function throughFramework(app: ExpressApp, req: IncomingMessage, res: ServerResponse): Promise<void> {
  req.url = "/";
  return new Promise((resolve, reject) => {
    arrivals.set(req, resolve);
    app(req, res, (cause) => reject(new Error("The framework did not hand over a request.", { cause })));
  });
}

/** A request target as path and query; a proxy's absolute form loses its origin (RFC 9112 section 3.2). */
function originForm(target: string): string {
  const url = target.replace(/^https?:\/\/[^/?#]*/i, "").replace(/^(?=\?|$)/, "/");
  try {
    decodeURIComponent(url.split("?", 1)[0]!);
  } catch (cause) {
    throw new Problem("malformed-request", "The path's percent-encoding is not valid UTF-8.", { cause });
  }
  if (!url.startsWith("/")) throw new Problem("malformed-request", "The request target is not a path.");
  return url;
}

/** The caller's request id where it is fit for a log, else a new one; written back, so that everyone reads the same. */
function settleRequestId(req: IncomingMessage): string {
  const given = req.headers["x-request-id"];
  const id = typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
  req.headers["x-request-id"] = id;
  return id;
}

const pathOf = (req: IncomingMessage) => (req.url ?? "").split("?", 1)[0]!;

const isGone = (req: IncomingMessage, res: ServerResponse) => res.destroyed || req.socket.destroyed;

/** Answers a refusal, on a connection that a client may still be sending on; a half-sent answer can only be cut. */
function refuse(req: IncomingMessage, res: ServerResponse, { status, headers, body }: HttpResponse) {
  if (res.writableEnded || isGone(req, res)) return;
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const requestId = req.headers["x-request-id"] as string;
  const closing = res.getHeader("Connection") === "close" || !req.complete;
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  res.writeHead(status, {
    ...headers,
    "Content-Length": Buffer.byteLength(body ?? ""),
    "X-Request-Id": requestId,
    ...(closing ? { Connection: "close" } : {}),
  });
  if (req.complete) {
    res.end(body ?? "");
    req.resume();
    return;
  }
  // The answer is whole on the wire, but only `end` closes: closing on unread bytes would reset the connection under the client's feet.
  res.flushHeaders();
  if (body !== null) res.write(body);
  const end = () => {
    clearTimeout(timer);
    if (!res.writableEnded) res.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.once("end", end).once("close", end).resume();
}

/** Answers what is no HTTP, or ends too early or too late to be a request, unless an answer is on its way already. */
function refuseUnparsed(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  latest: ServerResponse | undefined,
  refusalOf: (problem: Problem, req: IncomingMessage) => HttpResponse,
) {
  if (socket.writableEnded) return;
  if (error.code === "ECONNRESET" || !socket.writable || (latest?.headersSent && !latest.writableFinished)) {
    socket.destroy();
    return;
  }
  if (latest?.req.complete && !latest.writableFinished) {
    latest.once("close", () => socket.destroy());
    return;
  }
  const unanswered = latest?.writableFinished === false ? latest.req : undefined;
  const requestId = unanswered === undefined ? randomUUID() : String(unanswered.headers["x-request-id"]);
  const problem = unparsed(error);
  const refusal = unanswered === undefined ? problemResponse(problem, undefined) : refusalOf(problem, unanswered);
  const { status, headers } = refusal;
  const body = refusal.body ?? "";
  const lines = Object.entries({ ...headers, "Content-Length": Buffer.byteLength(body), "X-Request-Id": requestId, Connection: "close" });
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  socket.end(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), Buffer.from(body)]));
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function unparsed(cause: NodeJS.ErrnoException): Problem {
  switch (cause.code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Problem("request-timeout", "The request did not arrive in time.", { cause });
    case "HPE_HEADER_OVERFLOW":
      return new Problem("too-large", `The headers are over ${http.maxHeaderSize} bytes.`, { cause });
    default:
      return new Problem("malformed-request", "The request is not valid HTTP, or ended early.", { cause });
  }
}
