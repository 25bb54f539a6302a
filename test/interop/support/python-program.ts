/** Python programs of the tests, which report events as lines of JSON. */

import { join } from "node:path";
import { Inbox } from "../../support/inbox.ts";
import type { Ended } from "../../support/running-program.ts";
import { pythonWith } from "./external-program.ts";
import { type InteropHub, startProgram } from "./interop-hub.ts";

const DIRECTORY = join(import.meta.dirname, "../python");

/** One line of JSON. */
export type Report = Readonly<Record<string, unknown>> & { readonly type: string };

export interface PythonProgram {
  readonly ended: Promise<Ended>;
  /** The next line of this type; those before it are dropped. */
  reported(type: string): Promise<Report>;
}

export interface PythonModule {
  readonly isInstalled: boolean;
  start(
    file: string,
    args: readonly string[],
    interop: InteropHub,
    variables?: Readonly<Record<string, string>>,
  ): PythonProgram;
}

/** Finds the Python that has a module of this name. */
export function findPythonModule(name: string, aptPackage: string): PythonModule {
  const python = pythonWith(name, { name: `${name} for Python`, aptPackage });
  return {
    isInstalled: python !== undefined,
    start: (file, args, interop, variables) =>
      startPython(python ?? "python3", [join(DIRECTORY, file), ...args], interop, variables),
  };
}

function startPython(
  python: string,
  args: readonly string[],
  interop: InteropHub,
  variables: Readonly<Record<string, string>> = {},
): PythonProgram {
  const noTraces = { PYTHONDONTWRITEBYTECODE: "1" };
  const running = startProgram(python, args, interop, { ...noTraces, ...variables });
  const lines = new Inbox<Report>();
  let rest = "";
  running.process.stdout.on("data", (text: string) => {
    const [last = "", ...whole] = (rest + text).split("\n").reverse();
    rest = last;
    for (const line of whole.reverse()) lines.push(JSON.parse(line) as Report);
  });
  void running.ended.then(({ code, stderr }) => lines.end(`It ended with ${code}:\n${stderr}`));
  return { ended: running.ended, reported: (type) => lines.until((line) => line.type === type) };
}
