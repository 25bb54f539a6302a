import { ClientError } from "../../client/errors/client-error.ts";
import { ConfigError } from "../../config/config-error.ts";
import { HUB_ERRORS, HubError } from "../../core/hub-error.ts";
import { HubStartError } from "./hub-start-error.ts";
import { OutputError } from "./output.ts";
import { UsageError } from "./usage-error.ts";

export const EXIT_CODES = {
  done: 0,
  unexpected: 1,
  usage: 2,
  configuration: 3,
  unauthorized: 4,
  unreachable: 5,
  refused: 6,
  negativeFeedback: 7,
  execFailed: 8,
  timeout: 124,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

/** For `--help`; docs/errors.md has the table. */
export const EXIT_CODE_SUMMARY = `Exit codes: 0 done, 1 error, 2 usage, 3 configuration, 4 sign-in, 5 connection,
  6 refused, 7 negative feedback, 8 --exec failed, 124 timeout, 130/143 signal`;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** By name, because importing the classes would load the hub. */
const LOCAL_HUB_CODES: Readonly<Record<string, ExitCode>> = {
  LocalHubNotRunning: EXIT_CODES.unreachable,
  LocalHubNotStarted: EXIT_CODES.unreachable,
  LocalHubNotStopped: EXIT_CODES.refused,
  LocalHubAlreadyRunning: EXIT_CODES.refused,
  PageNotServed: EXIT_CODES.refused,
  PortUnavailable: EXIT_CODES.refused,
  StoreInUse: EXIT_CODES.refused,
  StoreDamaged: EXIT_CODES.refused,
  StoreTooNew: EXIT_CODES.refused,
  StoreFull: EXIT_CODES.refused,
  StoreDenied: EXIT_CODES.configuration,
  HomeUnusable: EXIT_CODES.configuration,
  HomeDamaged: EXIT_CODES.configuration,
};

const LOCAL_HUB_HINTS = new Map([
  ["PortUnavailable", "Choose another port with --port <n>, or any free one with --port 0."],
  ["StoreInUse", "Stop that process, or use a different C2D_HOME."],
  [
    "StoreDamaged",
    "Move the directory aside to start with a new one, or use a different C2D_HOME.",
  ],
  ["StoreTooNew", "Use that version, or a different C2D_HOME."],
  [
    "StoreFull",
    "Free some space there, or use a different C2D_HOME. Nothing acknowledged is lost.",
  ],
  ["StoreDenied", "Give this user access to its files, or use a different C2D_HOME."],
  ["HomeUnusable", "Set C2D_HOME to a directory that this user owns and can write to."],
  [
    "HomeDamaged",
    "Restore the file; or stop any hub running there and move the file aside: the next start writes a new one.",
  ],
]);

/** The hint for an error that has none of its own. */
export function hintFor(error: unknown): string | undefined {
  const known = error instanceof Error ? LOCAL_HUB_HINTS.get(error.name) : undefined;
  if (known !== undefined) return known;
  const code = exitCodeOf(error);
  if (code === EXIT_CODES.usage) return "Run with --help to list the options.";
  if (code === EXIT_CODES.refused) return "Run again with --verbose for details.";
  return isUnexpected(error)
    ? "This is an unexpected error. Run again with --verbose for details."
    : undefined;
}

export function isUnexpected(error: unknown): boolean {
  return exitCodeOf(error) === EXIT_CODES.unexpected && !(error instanceof OutputError);
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof HubStartError) return error.exitCode;
  if (error instanceof UsageError) return EXIT_CODES.usage;
  if (error instanceof ConfigError) return EXIT_CODES.configuration;
  if (error instanceof HubError) return HUB_ERRORS[error.name].exitCode;
  if (error instanceof ClientError) return exitCodeOfName(error.name);
  if (error instanceof Error && Object.hasOwn(LOCAL_HUB_CODES, error.name)) {
    return LOCAL_HUB_CODES[error.name] ?? EXIT_CODES.unexpected;
  }
  return EXIT_CODES.unexpected;
}

/** Names that are not in the hub's catalogue are connection errors. */
function exitCodeOfName(name: ClientError["name"]): ExitCode {
  if (name === "CredentialUnavailable") return EXIT_CODES.unauthorized;
  if (name === "PackageMissing" || name === "ConfigurationError") return EXIT_CODES.configuration;
  if (name === "IncompatiblePackage") return EXIT_CODES.unexpected;
  return name in HUB_ERRORS
    ? HUB_ERRORS[name as keyof typeof HUB_ERRORS].exitCode
    : EXIT_CODES.unreachable;
}
