/**
 * Writes an executable's bundle as CommonJS, which Node loads faster than modules, with all that is
 * loaded at its start in one file: each further one takes a millisecond. esbuild splits only
 * modules, and gives a file to whatever two commands share.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { build, transform } from "esbuild";

const HERE = "c2dFileUrl";

const DECLARE_HERE = `const ${HERE}=require("node:url").pathToFileURL(__filename).href;`;

export const COMMONJS = {
  format: "cjs",
  platform: "node",
  target: "node20",
  // Files of ours are loaded as CommonJS, too.
  supported: { "dynamic-import": false },
  define: { "import.meta.url": HERE },
  banner: { js: DECLARE_HERE },
  minifyWhitespace: true,
  sourcesContent: false,
};

/**
 * @param main The path of the first file in `outputs`.
 * @param files Of esbuild, with inline source maps.
 * @param outputs Of esbuild's metafile.
 */
export async function writeCommonJs(main, files, outputs) {
  const texts = new Map(files.map(({ path, text }) => [basename(path), text]));
  const folder = dirname(files[0].path);
  const start = filesOfStart(main, outputs);
  const mainName = basename(main);
  const write = ({ code, map }, name) => {
    const target = cjs(name);
    mkdirSync(folder, { recursive: true });
    if (!hasOwnSource(outputs[`${dirname(main)}/${name}`])) {
      writeFileSync(`${folder}/${target}`, code);
      return;
    }
    writeFileSync(`${folder}/${target}`, `${code}//# sourceMappingURL=${target}.map\n`);
    writeFileSync(`${folder}/${target}.map`, map);
  };
  const inStart = new Map(start.map((name, index) => [name, `start${index}`]));
  await Promise.all([
    join(mainName, inStart, texts).then((joined) => write(joined, mainName)),
    ...[...texts]
      .filter(([name]) => !inStart.has(name))
      .map(async ([name, text]) => write(await convert(name, text, mainName, inStart), name)),
  ]);
}

/** A file with nothing but packages needs no source map. */
function hasOwnSource({ inputs }) {
  return Object.keys(inputs).some((path) => path.startsWith("src/"));
}

/** What the first file imports, and what that imports; not what is loaded later. */
function filesOfStart(path, outputs, found = []) {
  const name = basename(path);
  if (found.includes(name)) return found;
  found.push(name);
  for (const { path: next, kind, external } of outputs[path].imports) {
    if (kind === "import-statement" && !external) filesOfStart(next, outputs, found);
  }
  return found;
}

/** Each file of the start can be had from the one that contains them all. */
async function join(mainName, inStart, texts) {
  const exported = [...inStart].map(([name, as]) => `export * as ${as} from "./${name}";`);
  const { outputFiles } = await build({
    ...COMMONJS,
    stdin: { contents: [`export * from "./${mainName}";`, ...exported].join("\n") },
    bundle: true,
    write: false,
    outdir: "/",
    sourcemap: "external",
    plugins: [
      {
        name: "files-of-start",
        setup({ onLoad, onResolve }) {
          onResolve({ filter: /.*/ }, ({ path }) => {
            const name = path.replace("./", "");
            return inStart.has(name)
              ? { path: name, namespace: "start" }
              : { path: path.startsWith("./") ? `./${cjs(name)}` : path, external: true };
          });
          onLoad({ filter: /.*/, namespace: "start" }, ({ path }) => ({
            contents: texts.get(path),
          }));
        },
      },
    ],
  });
  const [map, code] = ["map", "js"].map((end) =>
    outputFiles.find(({ path }) => path.endsWith(end)),
  );
  return { code: code.text, map: map.text };
}

async function convert(name, text, mainName, inStart) {
  const { code, map } = await transform(text, {
    ...COMMONJS,
    banner: text.includes("import.meta.url") ? DECLARE_HERE : "",
    sourcemap: "external",
    sourcefile: name,
  });
  const linked = code.replace(/require\("\.\/([\w-]+\.js)"\)/g, (_, file) =>
    inStart.has(file)
      ? `require("./${cjs(mainName)}").${inStart.get(file)}`
      : `require("./${cjs(file)}")`,
  );
  return { code: linked, map };
}

function cjs(name) {
  return name.replace(/\.js$/, ".cjs");
}
