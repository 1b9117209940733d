import { pino } from "pino";
import type { DestinationStream, Level } from "pino";
import { currentContext } from "./context.ts";

/** The severities of Cloud Logging that we use, by pino's names for them. */
const SEVERITY: Readonly<Record<string, string>> = { debug: "DEBUG", info: "INFO", warn: "WARNING", error: "ERROR" };

export interface Log {
  /** The message is constant, what varies are fields. Fields never carry secrets, keys, payloads or URLs of tenants. */
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Writes JSON lines in Cloud Logging's shape: severity, time, message, component, the invocation's context, the fields.
 *
 * @param component - The part of the system that speaks.
 * @param destination - Standard output when not given.
 */
export function createLog(component: string, { level, destination }: { level: string; destination?: DestinationStream | undefined }): Log {
  const options = {
    level: level as Level,
    messageKey: "message",
    base: { component },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ severity: SEVERITY[label] ?? "DEFAULT" }) },
    mixin() {
      const context = currentContext();
      if (context === undefined) return {};
      const { tags, trace, ...fields } = context;
      return { ...fields, ...(trace === null ? {} : { "logging.googleapis.com/trace": trace }), ...Object.fromEntries(tags) };
    },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warning: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}

/** An error as log fields: its stack and those of its causes. */
export function errorFields(error: unknown): LogFields {
  const stacks: string[] = [];
  let cause = error;
  for (let depth = 0; cause !== undefined && depth < 5; depth++) {
    stacks.push(cause instanceof Error ? (cause.stack ?? cause.message) : JSON.stringify(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return { stack: stacks.join("\nCaused by: ") };
}
