/** Does work that comes in parts; between two of them others get their turn in this process. */
export async function inTurns<Result>(work: Iterator<undefined, Result>): Promise<Result> {
  for (;;) {
    const part = work.next();
    if (part.done === true) return part.value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
