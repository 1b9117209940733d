import http from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { OperatorRequest } from "../ports.ts";

/** The global fetch would do, but its first call takes 60 ms of CPU, a third of a cold start. */
export const operatorRequest: OperatorRequest = async (url, { method = "GET", headers, body = "", timeoutMs }) => {
  const client = url.startsWith("https:") ? (await import("node:https")).default : http;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = client.request(url, { method, headers, signal: AbortSignal.timeout(timeoutMs) }, resolve);
  request.on("error", reject).end(body);
  try {
    const response = await promise;
    return { status: response.statusCode!, body: await text(response) };
  } catch (error) {
    // A connection that was kept from an earlier call may be closed by the other side just then: a new one is made.
    if (request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET")
      return operatorRequest(url, { method, headers, body, timeoutMs });
    throw error;
  }
};
