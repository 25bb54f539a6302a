/**
 * Keeps the names of classes that packages compare: a bundler numbers what else would share a name.
 * Not of everything, because each name that is kept costs time wherever its function is created.
 */

import { readFile } from "node:fs/promises";
import { transform } from "esbuild";

const COMPARED =
  /\/node_modules\/(azure-iothub\/dist\/common-core|azure-iot-common\/dist)\/(errors|message|retry_policy)\.js$|\/asn1js\/build\/index\.js$/;

export const keptNames = {
  name: "kept-names",
  setup(build) {
    build.onLoad({ filter: COMPARED }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { keepNames: true });
      return { contents: code };
    });
  },
};
