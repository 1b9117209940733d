/** An expected outcome: a value, or the reason why there is none. Core functions return it; they never throw on data. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };
