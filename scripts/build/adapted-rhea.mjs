/**
 * rhea in the bundles.
 *
 * It prints what it does not understand, even if that is a token of a peer: in the bundles it prints
 * nothing, and its errors are events.
 *
 * It allocates 1 KiB for each message and each frame, and Node registers each allocation, which
 * takes 1 to 2 µs. In the bundles it takes parts of larger ones, each part once: they are filled
 * with zeros, as its own are.
 */

import { readFileSync } from "node:fs";

/** At the end, where it leaves the numbers of lines and "use strict" alone: `var` is hoisted. */
const SILENCE = "\nvar console = { error() {}, trace() {}, warn() {} };\n";

const ALLOCATE = "return Buffer.alloc ? Buffer.alloc(size) : new Buffer(size);";

const POOLED = `
    if (size > POOL_SIZE / 8) return Buffer.alloc(size);
    if (util.pool === undefined || util.pool_used + size > POOL_SIZE) {
        util.pool = Buffer.alloc(POOL_SIZE);
        util.pool_used = 0;
    }
    return util.pool.subarray(util.pool_used, util.pool_used += size);
`.replaceAll("POOL_SIZE", String(64 * 1024));

export const adaptedRhea = {
  name: "adapted-rhea",
  setup(build) {
    build.onLoad({ filter: /[\\/]rhea[\\/]lib[\\/]\w+\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      if (/console\.(?!error|trace|warn)/.test(source)) throw new Error(`${path} prints otherwise`);
      return { contents: (/util\.js$/.test(path) ? poolBuffers(source, path) : source) + SILENCE };
    });
  },
};

function poolBuffers(source, path) {
  if (source.split(ALLOCATE).length !== 2) throw new Error(`${path} allocates otherwise`);
  return source.replace(ALLOCATE, POOLED);
}
