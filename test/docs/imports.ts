/** The imports within `src`. */

import { cruise, type ICruiseResult } from "dependency-cruiser";

export type Import = readonly [from: string, to: string];

export async function importsIn(root: string): Promise<Import[]> {
  const { output } = await cruise(["src"], {
    baseDir: root,
    // Imports of types count too.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  });
  const { modules } = output as ICruiseResult;
  return modules.flatMap(({ source, dependencies }) =>
    dependencies
      .filter(({ resolved }) => resolved.startsWith("src/"))
      .map(({ resolved }): Import => [source, resolved]),
  );
}
