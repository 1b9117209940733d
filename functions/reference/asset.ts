import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import * as v from "valibot";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

const TYPES = { "swagger-ui.css": "text/css; charset=utf-8", "swagger-ui-bundle.js": "text/javascript; charset=utf-8" } as const;

export const getAsset = route({
  method: "GET",
  path: "/docs/{file}",
  summary: "A file of the reference",
  scope: "none",
  input: v.strictObject({ file: v.pipe(v.string(), v.maxLength(100)) }),
  output: null,
  status: 200,
  problems: ["not-found"],

  async handle({ file }) {
    if (!Object.hasOwn(TYPES, file)) throw notFound();
    const path = createRequire(import.meta.url).resolve(`swagger-ui-dist/${file}`);
    return { contentType: TYPES[file as keyof typeof TYPES], body: await readFile(path) };
  },
});
