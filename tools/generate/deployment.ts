import type { ManifestEntry } from "../../functions/manifest.ts";

type Manifest = Readonly<Record<string, ManifestEntry>>;

const REGION = "europe-west1";

/** Firebase Hosting: one address in front of all functions with an HTTP trigger. */
export const firebaseConfig = (manifest: Manifest) => ({
  hosting: {
    public: "web",
    ignore: ["firebase.json", "**/.*", "**/node_modules/**"],
    rewrites: Object.entries(manifest).flatMap(([name, { trigger }]) =>
      trigger.kind === "http" ? trigger.paths.map((source) => ({ source, function: { functionId: name, region: REGION } })) : [],
    ),
  },
});

/** What Terraform loops over: one function each, with its trigger and what it needs. */
export const terraformFunctions = (manifest: Manifest) =>
  Object.fromEntries(
    Object.entries(manifest).map(([name, { summary, trigger, memoryMiB, timeoutS, secrets, calledBy, enqueuesTo }]) => [
      name,
      {
        bundle: `dist/${name}`,
        summary,
        trigger,
        memory_mib: memoryMiB,
        timeout_s: timeoutS,
        secrets,
        ...(calledBy === undefined ? {} : { called_by_queue: calledBy }),
        ...(enqueuesTo === undefined ? {} : { enqueues_to_queue: enqueuesTo }),
      },
    ]),
  );

/** The table of functions in the README. */
export function functionTable(manifest: Manifest): string {
  const rows = Object.entries(manifest).map(([name, { file, summary, trigger }]) => [
    `\`${name}\``,
    `[${file}](functions/${file})`,
    triggerText(trigger),
    summary,
  ]);
  return table(["function", "file", "trigger", "what it does"], rows);
}

/** A Markdown table with its columns in line. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map((row) => line(row))].join("\n");
}

function triggerText(trigger: ManifestEntry["trigger"]): string {
  switch (trigger.kind) {
    case "http":
      return trigger.paths
        .filter((path, _, all) => !path.endsWith("/**") || !all.includes(path.slice(0, -3)))
        .map((path) => `\`${path}\``)
        .join(", ");
    case "event":
      return `topics ${trigger.topics.join(", ")}`;
    case "tick":
      return trigger.types.map((type) => `\`${type}\``).join(", ");
  }
}
