/** External programs and libraries that tests use; a missing one is reported on stderr, once. */

import { spawnSync } from "node:child_process";

/** An external program or library. */
export interface ExternalProgram {
  /** Its usual name. */
  readonly name: string;
  /** The package of Debian and Ubuntu that has it. */
  readonly aptPackage: string;
}

const missing = new Set<string>();

/** @param version Start of its version output, if other programs have the same name. */
export function hasProgram(program: string, external: ExternalProgram, version = ""): boolean {
  const { error, stdout } = spawnSync(program, [version === "" ? "--help" : "version"]);
  return found(external, error === undefined && stdout.toString().startsWith(version));
}

/** Debian's libraries are seen by Debian's own Python, others by whichever comes first. */
const PYTHONS = ["/usr/bin/python3", "python3"] as const;

/** @returns the Python that has this module, if one does. */
export function pythonWith(module: string, external: ExternalProgram): string | undefined {
  const python = PYTHONS.find((one) => spawnSync(one, ["-c", `import ${module}`]).status === 0);
  found(external, python !== undefined);
  return python;
}

function found({ name, aptPackage }: ExternalProgram, isThere: boolean): boolean {
  if (!isThere && !missing.has(name)) {
    missing.add(name);
    process.stderr.write(
      `SKIPPED: ${name} is not installed, its tests do not run; apt-get install ${aptPackage}\n`,
    );
  }
  return isThere;
}
