/**
 * What is bundled no longer changes, so its versions are put in place of a look at what is installed,
 * and a hub does not check at each start the rhea that the tests have checked: 5 ms.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Of these packages, private members are declared in src and checked. */
const GUARDED = /^(@azure\/|azure-iot|mqtt$|rhea)/;

/** Of the longest path declared: a package, a dependency of it, and one of that. */
const DEPTH = 3;

export const bundledVersions = {
  name: "bundled-versions",
  setup(build) {
    build.onLoad({ filter: /installed-version\.ts$/ }, () => ({
      contents: `const VERSIONS = ${JSON.stringify(versions())};
export const installedVersion = (path) => VERSIONS[path.join(" ")];`,
    }));
    build.onLoad({ filter: /check-rhea\.ts$/ }, () => ({
      contents: "export function checkRhea() {}",
    }));
  },
};

/** By path: `{ "azure-iothub": "1.16.6", "azure-iothub rhea": "2.0.8" }`. */
function versions() {
  const file = new URL("../../package.json", import.meta.url);
  const { dependencies, devDependencies } = JSON.parse(readFileSync(file, "utf8"));
  return Object.fromEntries(versionsBelow([], file, { ...dependencies, ...devDependencies }));
}

function versionsBelow(path, file, dependencies = {}) {
  if (path.length === DEPTH) return [];
  return Object.keys(dependencies)
    .filter((name) => GUARDED.test(name))
    .flatMap((name) => {
      const manifestFile = findManifest(file, name);
      if (!manifestFile) return [];
      const manifest = JSON.parse(readFileSync(manifestFile, "utf8"));
      const below = [...path, name];
      return [
        [below.join(" "), manifest.version],
        ...versionsBelow(below, manifestFile, manifest.dependencies),
      ];
    });
}

function findManifest(file, name) {
  try {
    return createRequire(file).resolve(`${name}/package.json`);
  } catch (error) {
    // A package whose exports hide its manifest: none of those is guarded.
    if (error.code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return undefined;
    throw error;
  }
}
