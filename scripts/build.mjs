/** Bundles the executables, the library and the hub's page into dist/, with what they use of other packages. */

import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { adaptedRhea } from "./build/adapted-rhea.mjs";
import { apart } from "./build/apart.mjs";
import { bundledVersions } from "./build/bundled-versions.mjs";
import { declarationsOnly } from "./build/declarations-only.mjs";
import { keptNames } from "./build/kept-names.mjs";
import { formatNotices, packagesOf } from "./build/notices.mjs";
import { quietMachina } from "./build/quiet-machina.mjs";
import { replacedModules } from "./build/replaced-modules.mjs";
import { COMMONJS, writeCommonJs } from "./build/write-commonjs.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const EXECUTABLES = ["device", "hub", "send"];

/** Runs the others: for its help and its completion alone. */
const DISPATCHER = "tools";

const { peerDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

const OPTIONS = {
  absWorkingDir: ROOT,
  // All files lie in one folder: src/package-file.ts counts on it.
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // Native, or wanted by few.
  external: ["classic-level", "./ws.cjs", ...Object.keys(peerDependencies)],
  // Names stay as they are wherever they can, so that stack traces can be read.
  minifyWhitespace: true,
  sourcesContent: false,
  legalComments: "none",
  plugins: [apart, replacedModules, quietMachina, adaptedRhea, keptNames, bundledVersions],
  metafile: true,
  logLevel: "warning",
};

rmSync(join(ROOT, "dist"), { recursive: true, force: true });
const results = await Promise.all([
  ...EXECUTABLES.map((name) => bundleExecutable(name)),
  bundleExecutable(DISPATCHER, {
    splitting: false,
    plugins: [declarationsOnly, ...OPTIONS.plugins],
  }),
  bundleLibrary(),
  bundleApart("device-ids", join(ROOT, "src/cli/device-ids/device-ids.ts")),
  // Loaded by `require` in the middle of azure-iothub, which rules out a part of a bundle.
  bundleApart("ws", createRequire(import.meta.resolve("azure-iothub")).resolve("ws")),
  bundlePage(),
]);
const outputs = Object.assign({}, ...results.map(({ metafile }) => metafile.outputs));
writeFileSync(join(ROOT, "dist/THIRD-PARTY-NOTICES.txt"), formatNotices(packagesOf(outputs, ROOT)));
// For a look at what is in which file, and how large.
if (process.argv[2]) writeFileSync(process.argv[2], JSON.stringify({ outputs }));

/** Each on its own: files shared between them would be many and small. */
async function bundleExecutable(name, more = {}) {
  const entryPoints = { [`c2d-${name}`]: `src/cli/${name}/main.ts` };
  const result = await build({
    ...OPTIONS,
    ...more,
    entryPoints,
    sourcemap: "inline",
    write: false,
  });
  await writeCommonJs(`dist/c2d-${name}.js`, result.outputFiles, result.metafile.outputs);
  return result;
}

function bundleLibrary() {
  return build({
    ...OPTIONS,
    entryPoints: {
      index: "src/index.ts",
      demo: "src/demo/main.ts",
      "entra-process": "src/client/sdk/entra/entra-process.ts",
    },
    sourcemap: true,
    banner: {
      js: 'import{createRequire as c2dRequire}from"node:module";const require=c2dRequire(import.meta.url);',
    },
  });
}

function bundleApart(name, path) {
  return build({
    ...OPTIONS,
    ...COMMONJS,
    entryPoints: { [name]: path },
    splitting: false,
    outExtension: { ".js": ".cjs" },
    sourcemap: true,
  });
}

/** What browsers get from the hub. */
async function bundlePage() {
  const result = await build({
    absWorkingDir: ROOT,
    outdir: "dist/page",
    entryPoints: { page: "src/page/main.tsx" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  for (const name of ["index.html", "favicon.svg"]) {
    copyFileSync(join(ROOT, "src/page", name), join(ROOT, "dist/page", name));
  }
  return result;
}
