/**
 * Does something for each in turn; one that fails holds up no other.
 *
 * @param what - What fails, in the plural: for the message.
 * @throws AggregateError of all that failed, once each had its turn.
 */
export async function each<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  what: string,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  for await (const item of items) {
    try {
      await act(item);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} ${what} failed`, { cause: errors[0] });
}
