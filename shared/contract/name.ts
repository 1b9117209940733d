import * as v from "valibot";

/** What a database would cut or a terminal would obey: control characters, changes of the writing direction, halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/**
 * What people call a thing of theirs: one line.
 *
 * @param most - UTF-16 code units.
 */
export const name = (most: number) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1),
    v.maxLength(most),
    v.check((text) => !UNPRINTABLE.test(text), "Expected one line without control characters"),
  );
