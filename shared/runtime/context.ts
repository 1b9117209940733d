import { AsyncLocalStorage } from "node:async_hooks";

/** What log lines of one invocation carry. Authority is never taken from here: it travels as arguments. */
export interface LogContext {
  readonly function: string;
  readonly requestId: string;
  readonly trace: string | null;
  /** Set once it is known. */
  org: string | null;
  /** At most MAX_TAGS short values that a verb adds for the line at the end. */
  readonly tags: Map<string, string | number | boolean>;
}

const MAX_TAGS = 16;
const storage = new AsyncLocalStorage<LogContext>();

export const runInContext = <Value>(context: LogContext, work: () => Promise<Value>): Promise<Value> => storage.run(context, work);

export const currentContext = (): LogContext | undefined => storage.getStore();

/** Adds a value to the invocation's log lines; beyond the bound it is dropped. */
export function tag(name: string, value: string | number | boolean): void {
  const context = storage.getStore();
  if (context !== undefined && (context.tags.has(name) || context.tags.size < MAX_TAGS)) context.tags.set(name, value);
}
