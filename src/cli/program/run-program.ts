/** Runs an executable: parses, runs the command, tells errors, ends with the exit code. */

import { Command, CommanderError } from "commander";
import type { Executable } from "../../config/settings.ts";
import { colorLevel } from "../terminal/color-level.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { type Io, systemIo } from "../terminal/io.ts";
import { OutputClosedError } from "../terminal/output.ts";
import { Redactor } from "../terminal/redactor.ts";
import { Reporter } from "../terminal/reporter.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { within } from "../within.ts";
import { type CommonFlags, requireSoundCommonFlags } from "./common-options.ts";
import { addCompletion } from "./completion/add-completion.ts";
import { addTopics, describeOption } from "./help.ts";
import { muteDebug } from "./mute-debug.ts";
import { type Interruption, watchSignals } from "./signals.ts";
import { requireUtf8Arguments } from "./utf8-arguments.ts";
import { readVersion } from "./version.ts";

/** What a command runs with. */
export interface Context {
  readonly io: Io;
  readonly reporter: Reporter;
  readonly redactor: Redactor;
  readonly interruption: Interruption;
  readonly flags: CommonFlags;
}

/** A command's action: from its parsed options to its exit code. */
type Action<Flags> = (flags: Flags, context: Context) => Promise<ExitCode>;

/** Wires an action to a command. */
export type Act = <Flags>(command: Command, action: Action<Flags>) => void;

/** How long text on its way to a reader who does not read may hold up the end. */
const FLUSH_LIMIT_MS = 2000;

/** Sets `process.exitCode`; the process ends when nothing is left to do. */
export async function runProgram(
  name: Executable,
  build: (program: Command, act: Act) => void,
): Promise<void> {
  const io = systemIo();
  const interruption = watchSignals();
  process.exitCode = await run(name, build, { io, interruption, redactor: new Redactor() });
  await Promise.all([io.stdout.flush(FLUSH_LIMIT_MS), io.stderr.flush(FLUSH_LIMIT_MS)]);
  interruption.stop();
  io.stdout.release();
  io.stderr.release();
}

type Outside = Pick<Context, "io" | "interruption" | "redactor">;

async function run(
  name: Executable,
  build: (program: Command, act: Act) => void,
  outside: Outside,
): Promise<ExitCode> {
  let code: ExitCode = EXIT_CODES.done;
  const isMuted = muteDebug(process.env);
  let reporter = createReporter(flagsBeforeParsing(process.argv), outside);
  let written: Promise<unknown> = Promise.resolve();
  const program = createProgram(name, (text) => {
    written = outside.io.stdout.write(text);
    written.catch(() => {});
  });
  build(program, (command, action) => {
    command.action(async () => {
      const flags = command.opts<CommonFlags>();
      requireSoundCommonFlags(flags);
      reporter = createReporter(flags, outside);
      if (isMuted) reporter.detail("DEBUG has no effect: what the SDKs print for it holds secrets");
      code = await action(command.opts() as Parameters<typeof action>[0], {
        ...outside,
        reporter,
        flags,
      });
    });
  });
  addCompletion(program, outside.io.stdout);
  addTopics(program);
  program.optionsGroup("Options:").version(readVersion(), "-V, --version", "print the version");
  try {
    requireUtf8Arguments(process.argv.slice(2));
    await program.parseAsync();
    return code;
  } catch (error) {
    if (error instanceof OutputClosedError) return EXIT_CODES.done;
    if (outside.interruption.cause && isAbort(error)) return EXIT_CODES[outside.interruption.cause];
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return await endAfter(written, reporter);
      return reporter.error(toUsageError(error, program));
    }
    return reporter.error(error);
  }
}

/** After help or version. */
async function endAfter(written: Promise<unknown>, reporter: Reporter): Promise<ExitCode> {
  try {
    await within(FLUSH_LIMIT_MS, written);
    return EXIT_CODES.done;
  } catch (error) {
    return error instanceof OutputClosedError ? EXIT_CODES.done : reporter.error(error);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

function createProgram(name: Executable, writeOut: (text: string) => void): Command {
  return new Command(name)
    .helpOption("-h, --help", "print this help")
    .configureHelp({ optionDescription: describeOption })
    .exitOverride()
    .configureOutput({
      writeOut,
      // Errors are told by the reporter, once.
      writeErr: () => {},
      outputError: () => {},
      getOutHasColors: () => false,
    })
    .showSuggestionAfterError();
}

function createReporter(flags: CommonFlags, { io, redactor }: Outside): Reporter {
  return new Reporter(io.stderr, redactor, {
    isJson: flags.output === "json",
    isQuiet: flags.quiet === true,
    isVerbose: flags.verbose === true,
    isTerminal: io.stderr.isTTY && io.env.TERM !== "dumb",
    colorLevel: colorLevel({ isTTY: io.stderr.isTTY, env: io.env, isRefused: !flags.color }),
  });
}

/** A command line that cannot be parsed is still answered in the form it asks for. */
function flagsBeforeParsing(argv: readonly string[]): CommonFlags {
  const text = argv.join(" ");
  return {
    output: / (-o ?|--output[ =])json( |$)/.test(text) ? "json" : "text",
    color: !argv.includes("--no-color"),
  };
}

function toUsageError({ code, message }: CommanderError, program: Command): UsageError {
  if (code === "commander.help") {
    const names = program.commands.map((command) => command.name()).join(", ");
    return new UsageError(
      "a command is missing",
      `One of: ${names}. See ${program.name()} --help.`,
    );
  }
  const [what = "", suggestion] = message.replace(/^error: /, "").split("\n");
  if (/^unknown option '--env-file\b/.test(what)) {
    return new UsageError(what, "Did you mean --dotenv?");
  }
  const hint = suggestion?.replace(/^\(|\)$/g, "") ?? "Run with --help to list the options.";
  return new UsageError(what, hint);
}
