/**
 * Writes bundles as CommonJS, which Node loads faster than modules. esbuild splits only modules, so
 * each file is turned after that.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { transform } from "esbuild";

const HERE = "c2dFileUrl";
const DECLARE_HERE = `const ${HERE}=require("node:url").pathToFileURL(__filename).href;`;

/** @param files Of esbuild, with inline source maps. */
export async function writeCommonJs(files) {
  await Promise.all(
    files.map(async ({ path, text }) => {
      const target = path.replace(/\.js$/, ".cjs");
      const banner = text.includes("import.meta.url") ? { banner: DECLARE_HERE } : {};
      const { code, map } = await transform(text.replace(/("\.\/[\w-]+)\.js"/g, '$1.cjs"'), {
        ...banner,
        format: "cjs",
        platform: "node",
        target: "node20",
        // Files of ours are loaded as CommonJS, too.
        supported: { "dynamic-import": false },
        define: { "import.meta.url": HERE },
        minifyWhitespace: true,
        sourcemap: "external",
        sourcesContent: false,
        sourcefile: basename(path),
      });
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, `${code}//# sourceMappingURL=${basename(target)}.map\n`);
      writeFileSync(`${target}.map`, map);
    }),
  );
}
