/** Puts generated text between its marks in a page. @throws Error where the page has none. */
export function insertBetweenMarks(page: string, mark: string, text: string): string {
  const [start, end] = [`<!-- generated: ${mark} -->`, `<!-- end: ${mark} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The page has no marks for ${mark}`);
  return `${page.slice(0, from + start.length)}\n\n${text}\n\n${page.slice(to)}`;
}
