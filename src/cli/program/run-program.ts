import { Command, CommanderError } from "commander";
import { waitAtMost } from "../../async/within.ts";
import type { Executable } from "../../config/settings.ts";
import { readVersion } from "../../package-version.ts";
import { colorLevel } from "../terminal/color-level.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { OutputClosedError } from "../terminal/output.ts";
import { Redactor } from "../terminal/redactor.ts";
import { Reporter } from "../terminal/reporter.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { type CommonFlags, validateCommonFlags } from "./common-options.ts";
import { addCompletion } from "./completion/add-completion.ts";
import { disableDebug } from "./disable-debug.ts";
import { addTopics, describeOption } from "./help.ts";
import { addHelpCommands } from "./help-command.ts";
import type { Host } from "./host.ts";
import { fitHelp, HELP_COLUMNS } from "./narrow-help.ts";
import { validateUtf8Arguments } from "./utf8-arguments.ts";

export interface Context extends Omit<Host, "args"> {
  readonly reporter: Reporter;
  readonly redactor: Redactor;
  readonly flags: CommonFlags;
}

type Action<Flags> = (flags: Flags, context: Context) => Promise<ExitCode>;

export type Act = <Flags>(command: Command, action: Action<Flags>) => void;

export interface Program {
  readonly name: Executable | "c2d-tools";
  build(program: Command, act: Act): void;
}

/** How long a blocked reader may delay the exit. */
const FLUSH_LIMIT_MS = 2000;

/** Runs until everything is written. Never throws. */
export async function runProgram({ name, build }: Program, host: Host): Promise<ExitCode> {
  const { stdout, stderr } = host.io;
  const code = await run(name, build, host);
  await Promise.all([stdout.flush(FLUSH_LIMIT_MS), stderr.flush(FLUSH_LIMIT_MS)]);
  return code;
}

async function run(name: Program["name"], build: Program["build"], host: Host): Promise<ExitCode> {
  const { args, ...rest } = host;
  const base: BaseContext = { ...rest, redactor: new Redactor() };
  let code: ExitCode = EXIT_CODES.done;
  const isDebugIgnored = disableDebug(host.io.env);
  let reporter = createReporter(flagsBeforeParsing(args), base);
  let written: Promise<unknown> = Promise.resolve();
  const { columns = HELP_COLUMNS } = host.io.stdout;
  const program = createProgram(name, columns, (text) => {
    written = host.io.stdout.write(fitHelp(text, columns));
    written.catch(() => {});
  });
  build(program, (command, action) => {
    command.action(async () => {
      const flags = command.opts<CommonFlags>();
      validateCommonFlags(flags);
      reporter = createReporter(flags, base);
      if (isDebugIgnored)
        reporter.detail("DEBUG is ignored: the SDKs' debug output contains secrets");
      code = await action(command.opts() as Parameters<typeof action>[0], {
        ...base,
        reporter,
        flags,
      });
    });
  });
  addCompletion(program, host.io.stdout);
  addHelpCommands(program);
  addTopics(program);
  program.optionsGroup("Options:").version(readVersion(), "-V, --version", "print the version");
  try {
    validateUtf8Arguments(args);
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof OutputClosedError) return EXIT_CODES.done;
    if (host.interruption.cause && isAbort(error)) return EXIT_CODES[host.interruption.cause];
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return await finishOutput(written, reporter);
      return reporter.error(toUsageError(error));
    }
    return reporter.error(error);
  }
}

async function finishOutput(written: Promise<unknown>, reporter: Reporter): Promise<ExitCode> {
  try {
    await waitAtMost(FLUSH_LIMIT_MS, written);
    return EXIT_CODES.done;
  } catch (error) {
    return error instanceof OutputClosedError ? EXIT_CODES.done : reporter.error(error);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

function createProgram(
  name: Program["name"],
  columns: number,
  writeOut: (text: string) => void,
): Command {
  return new Command(name)
    .helpOption("-h, --help", "print this help")
    .configureHelp({ optionDescription: describeOption })
    .exitOverride()
    .configureOutput({
      writeOut,
      // The reporter prints errors.
      writeErr: () => {},
      outputError: () => {},
      getOutHasColors: () => false,
      getOutHelpWidth: () => Math.max(columns, HELP_COLUMNS),
    })
    .showSuggestionAfterError();
}

type BaseContext = Pick<Context, "io" | "interruption" | "redactor">;

function createReporter(flags: CommonFlags, { io, redactor }: BaseContext): Reporter {
  return new Reporter(io.stderr, redactor, {
    isJson: flags.output === "json",
    isQuiet: flags.quiet === true,
    isVerbose: flags.verbose === true,
    isTerminal: io.stderr.isTTY && io.env.TERM !== "dumb",
    colorLevel: colorLevel({ isTTY: io.stderr.isTTY, env: io.env, isDisabled: !flags.color }),
  });
}

/** Parse errors, too, are reported in the requested output format. */
function flagsBeforeParsing(args: readonly string[]): CommonFlags {
  const text = ["", ...args].join(" ");
  return {
    output: / (-o ?|--output[ =])json( |$)/.test(text) ? "json" : "text",
    color: !args.includes("--no-color"),
  };
}

function toUsageError({ message }: CommanderError): UsageError {
  const [first = "", suggestion] = message
    .replace(/^error: /, "")
    .replace(/^command-argument value/, "value")
    .split("\n");
  const what = toOneSentence(first);
  if (/^unknown option '--env-file\b/.test(what)) {
    return new UsageError(what, "Did you mean --dotenv?");
  }
  const hint = suggestion?.replace(/^\(|\)$/g, "") ?? "Run with --help to list the options.";
  return new UsageError(what, hint);
}

/** commander's errors may have two; ours have one, without a period. */
function toOneSentence(text: string): string {
  return text
    .replace(
      /^(.* is invalid(?: for argument '\w+')?|too many arguments.*)\. ([A-Z])/,
      (_, what: string, next: string) => `${what}: ${next.toLowerCase()}`,
    )
    .replace(/\.$/, "");
}
