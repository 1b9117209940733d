import { build } from "esbuild";
import type { Plugin } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { manifest } from "../functions/manifest.ts";
import type { ManifestEntry } from "../functions/manifest.ts";

// Makes one bundle a function under dist/, each with the package.json that its deployment installs and starts from, and the framework,
// bundled too, as the package that its start command comes from.

const ROOT = new URL("../", import.meta.url);
const DIST = new URL("dist/", ROOT);

const FRAMEWORK = "@google-cloud/functions-framework";
/** Packages that are installed beside a bundle and not put into it: native code, the framework whose command line loads the bundle, files that are served. */
const INSTALLED = [FRAMEWORK, "@resvg/resvg-js", "dejavu-fonts-ttf", "libsql", "snappy", "swagger-ui-dist"] as const;
/** Packages whose files are read, and that nothing imports: by what needs them. */
const READ: Readonly<Record<string, (name: string, imported: ReadonlySet<string>) => boolean>> = {
  "dejavu-fonts-ttf": (_name, imported) => imported.has("@resvg/resvg-js"),
  "swagger-ui-dist": (name) => name === "reference",
};
/** CommonJS packages in an ESM bundle ask for these. */
const BANNER = { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' };

/**
 * Requires node:http instead of importing it: for an import Node reads each of its exports, among them the WebSocket, and loads a whole
 * HTTP client for that: a tenth of a cold start.
 */
const requiredHttp: Plugin = {
  name: "required-http",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?http$/ }, ({ path, namespace }) =>
      namespace === "required" ? { path, external: true } : { path, namespace: "required" },
    );
    onLoad({ filter: /^/, namespace: "required" }, ({ path }) => ({ contents: `module.exports = require(${JSON.stringify(path)});` }));
  },
};

/** Leaves what draws charts out of the functions that draw none. */
const withoutCharts: Plugin = {
  name: "without-charts",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/chart-(svg|png)\.ts$/ }, ({ path }) => ({ path, namespace: "charts" }));
    onLoad({ filter: /^/, namespace: "charts" }, () => ({
      contents: 'throw new Error("The manifest says that this function draws no charts");',
    }));
  },
};

await rm(DIST, { recursive: true, force: true });
const versions = await installedVersions();
const sizes = await Promise.all(Object.entries(manifest).map(([name, entry]) => bundle(name, entry)));
for (const { name, kilobytes } of sizes) process.stdout.write(`dist/${name} ${kilobytes} kB\n`);

async function bundle(name: string, { file, secrets, charts = false }: ManifestEntry): Promise<{ name: string; kilobytes: number }> {
  const folder = new URL(`${name}/`, DIST);
  await mkdir(folder, { recursive: true });
  const entry = `
    import definition from ${JSON.stringify(`./functions/${file}`)};
    import { deploy } from ${JSON.stringify("./shared/runtime/deploy.ts")};
    await deploy(${JSON.stringify(name)}, definition, ${JSON.stringify(secrets)});
  `;
  const { metafile } = await build({
    stdin: { contents: entry, resolveDir: fileURLToPath(ROOT), loader: "ts" },
    outdir: fileURLToPath(folder),
    entryNames: "index",
    // By its name the framework knows that it is a module; for a .js file it loads a package to look that up, a twentieth of a cold start.
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // What is imported where it is needed stays in a file of its own until then.
    splitting: true,
    platform: "node",
    target: "node24",
    format: "esm",
    minify: true,
    sourcemap: "linked",
    metafile: true,
    external: [...INSTALLED],
    plugins: charts ? [requiredHttp] : [requiredHttp, withoutCharts],
    banner: BANNER,
    logLevel: "warning",
  });
  const imported = new Set(Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path)));
  const used = INSTALLED.filter((dependency) => READ[dependency]?.(name, imported) ?? imported.has(dependency));
  const dependencies = Object.fromEntries(used.map((dependency) => [dependency, versions.get(dependency)]));
  if (FRAMEWORK in dependencies) {
    await bundleFramework(new URL("framework/", folder));
    dependencies[FRAMEWORK] = "file:./framework";
  }
  const start = `functions-framework --target=${name} --signature-type=http`;
  const description = {
    name,
    private: true,
    type: "module",
    main: "index.mjs",
    engines: { node: ">=24" },
    scripts: { start },
    dependencies,
  };
  await writeFile(new URL("package.json", folder), `${JSON.stringify(description, null, 2)}\n`);
  const [output] = Object.entries(metafile.outputs).filter(([path]) => path.endsWith("/index.mjs"));
  return { name, kilobytes: Math.round(output![1].bytes / 1_000) };
}

/**
 * Makes a package of the framework that has all its dependencies in one file: looking up and reading their hundreds is a third of a cold
 * start. The command line and the bundle share it, and so its registry of functions.
 */
async function bundleFramework(folder: URL): Promise<void> {
  const source = new URL(`node_modules/${FRAMEWORK}/`, ROOT);
  const entry = `
    export { http } from ${JSON.stringify(FRAMEWORK)};
    export { getTestServer } from ${JSON.stringify(`${FRAMEWORK}/testing`)};
    export const start = () => require(${JSON.stringify(fileURLToPath(new URL("build/src/main.js", source)))});
  `;
  await build({
    stdin: { contents: entry, resolveDir: fileURLToPath(ROOT) },
    outfile: fileURLToPath(new URL("framework.js", folder)),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    minify: true,
    banner: BANNER,
    logLevel: "warning",
  });
  await writeFile(new URL("start.js", folder), '#!/usr/bin/env node\nimport { start } from "./framework.js";\nstart();\n', { mode: 0o755 });
  const { name, version, license } = JSON.parse(await readFile(new URL("package.json", source), "utf8")) as Record<string, string>;
  const description = {
    name,
    version,
    license,
    type: "module",
    bin: { "functions-framework": "start.js" },
    exports: { ".": "./framework.js", "./testing": "./framework.js" },
  };
  await writeFile(new URL("package.json", folder), `${JSON.stringify(description, null, 2)}\n`);
  await cp(new URL("LICENSE", source), new URL("LICENSE", folder));
}

async function installedVersions(): Promise<Map<string, string>> {
  const lock = JSON.parse(await readFile(new URL("package-lock.json", ROOT), "utf8")) as { packages: Record<string, { version: string }> };
  return new Map(INSTALLED.map((name) => [name, lock.packages[`node_modules/${name}`]!.version]));
}
