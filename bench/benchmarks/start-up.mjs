import { figure, ratioAtMost } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { C2D_SEND, scriptOf, timeNode } from "../measuring/programs.mjs";

export const description = "What every command costs: the wall time of the whole process.";

const PARSER = scriptOf("bench/opponents/parser-only.mjs");

export async function measure({ size }) {
  const options = { rounds: size(15, 1), warmUps: size(3, 0) };
  const { node, ...samples } = await measureInTurn(options, {
    node: () => timeNode(["-e", "0"]),
    help: () => timeNode([C2D_SEND, "--help"]),
    version: () => timeNode([C2D_SEND, "--version"]),
    usage: () => timeNode([C2D_SEND, "--unknown"], { exitCode: 2 }),
    parser: () => timeNode([PARSER]),
  });
  const against = { what: "`node -e 0`", samples: node };
  const targets = [ratioAtMost(2)];
  return [
    figure("`c2d-send --help`", "ms", samples.help, { against, targets }),
    figure("`c2d-send --version`", "ms", samples.version, { against, targets }),
    figure("`c2d-send --unknown` (a usage error)", "ms", samples.usage, { against, targets }),
    figure("a program that only loads commander, chalk and dotenv", "ms", samples.parser, {
      against,
    }),
  ];
}
