import { mkdir, readFile, writeFile } from "node:fs/promises";
import { manifest } from "../functions/manifest.ts";
import { firebaseConfig, functionTable, terraformFunctions } from "./generate/deployment.ts";
import { loadFunctions } from "./generate/functions.ts";
import { insertBetweenMarks } from "./generate/marks.ts";
import { openApiDocument } from "./generate/openapi.ts";
import { problemsPage } from "./generate/problems.ts";
import { statsForecastSchema } from "./generate/statsforecast.ts";

// Writes everything that follows from the manifest and the route tables. CI runs it and refuses a difference.

const ROOT = new URL("../", import.meta.url);
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

const functions = await loadFunctions();

await mkdir(new URL("terraform/", ROOT), { recursive: true });
await write("docs/openapi.json", json(openApiDocument(functions.filter(({ routes }) => routes.length > 0))));
await write("docs/problems.md", problemsPage());
await write("services/statsforecast/contract.schema.json", json(statsForecastSchema()));
await write("firebase.json", json(firebaseConfig(manifest)));
await write("terraform/functions.json", json(terraformFunctions(manifest)));
await write("README.md", insertBetweenMarks(await readFile(new URL("README.md", ROOT), "utf8"), "functions", functionTable(manifest)));

async function write(path: string, text: string): Promise<void> {
  await writeFile(new URL(path, ROOT), text);
  process.stdout.write(`${path}\n`);
}
