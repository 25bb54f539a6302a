/**
 * The other executables under one name, for help and completion: bin/c2d-tools.js runs their
 * commands with their own bundles, and this one has only what declares them.
 */

import { program as device } from "../device/main.ts";
import { program as hub } from "../hub/main.ts";
import { formatExamples } from "../program/common-options.ts";
import { runAsProcess } from "../program/host.ts";
import { type Program, runProgram } from "../program/run-program.ts";
import { program as send } from "../send/main.ts";
import { UsageError } from "../terminal/usage-error.ts";

const PROGRAMS = { send, device, hub };

export const program: Program = {
  name: "c2d-tools",
  build(program, act) {
    program.description("The same as c2d-send, c2d-device and c2d-hub, under one name.");
    program.addHelpText(
      "after",
      formatExamples([
        ["npx c2d-tools hub start", "run a local hub, without installing the package"],
        ["c2d-tools device listen --local", "the same as c2d-device listen --local"],
        ["c2d-tools send --help", "print the help of c2d-send"],
      ]),
    );
    for (const [name, { build }] of Object.entries(PROGRAMS)) {
      build(program.command(name), (command) => {
        act(command, () => {
          throw new UsageError(
            `${name} must be the first argument`,
            `Run c2d-tools ${name} …, or c2d-${name} ….`,
          );
        });
      });
    }
  },
};

export async function main(): Promise<void> {
  await runAsProcess((host) => runProgram(program, host));
}
