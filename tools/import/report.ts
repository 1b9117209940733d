import { oneLine } from "../../shared/core/message/plain-text.ts";
import { count } from "../dev/terminal.ts";
import type { Progress } from "./progress.ts";

/** What became of what was read. */
export function progressLines({ accepted, rejected, unreadable, told }: Progress): readonly string[] {
  const more = rejected + unreadable - told.length;
  return [
    `${count(accepted, "point")} taken in.`,
    ...(rejected === 0
      ? []
      : [`${count(rejected, "point")} rejected; the newest of them are kept as dead letters (GET /api/v1/dead-letters).`]),
    ...(unreadable === 0 ? [] : [`${count(unreadable, "row or cell", "rows or cells")} could not be read as points.`]),
    ...told.map(({ line, why }) => `  line ${line.toLocaleString("en")}: ${oneLine(why)}`),
    ...(more > 0 ? [`  and ${more.toLocaleString("en")} more`] : []),
  ];
}
