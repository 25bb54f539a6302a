/** The imports within `src`. */

import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseFile } from "@swc/core";
import { cruise, type ICruiseResult } from "dependency-cruiser";

export type Import = readonly [from: string, to: string];

export async function importsIn(root: string): Promise<Import[]> {
  const { output } = await cruise(["src"], {
    baseDir: root,
    // Imports of types count too.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    // It cannot parse these.
    exclude: { path: "\\.tsx$" },
  });
  const { modules } = output as ICruiseResult;
  const imports = modules.flatMap(({ source, dependencies }) =>
    dependencies
      .filter(({ resolved }) => resolved.startsWith("src/"))
      .map(({ resolved }): Import => [source, resolved]),
  );
  return [...imports, ...(await importsOfTsx(root))];
}

async function importsOfTsx(root: string): Promise<Import[]> {
  const imports: Import[] = [];
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  for (const path of files.filter((file) => file.endsWith(".tsx")).map((file) => `src/${file}`)) {
    const { body } = await parseFile(join(root, path), { syntax: "typescript", tsx: true });
    for (const item of body) {
      const target = "source" in item ? item.source?.value : undefined;
      if (target?.startsWith(".")) imports.push([path, join(dirname(path), target)]);
    }
  }
  const missing = imports.filter(([, to]) => !existsSync(join(root, to)));
  if (missing.length > 0) throw new Error(`not found: ${missing.join("\n")}`);
  return imports;
}
