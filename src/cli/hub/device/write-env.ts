import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "dotenv";
import { writeOwnerFile } from "../../../hub/home/home.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { OutputError } from "../../terminal/output.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import { type EnvEdits, editEnvText } from "./edit-env-text.ts";

export interface DeviceSettings {
  readonly deviceId: string;
  /** Authenticates with a certificate, whose files only the user knows. */
  readonly isX509: boolean;
  readonly access: DeviceAccess;
}

/** For the local hub no connection string, which would become stale when its port changes. */
export type DeviceAccess =
  | { readonly type: "local" }
  | {
      readonly type: "connectionString";
      readonly connectionString: string;
      /** Trusted in addition to the public ones. */
      readonly caFile?: string;
    };

const DEFAULT_FILE = ".env";

/** Each names a hub, and conflicts with C2D_LOCAL=1. */
const CONFLICTING_VARIABLES = [
  "IOTHUB_DEVICE_CONNECTION_STRING",
  "IOTHUB_SAS",
  "IOTHUB_CONNECTION_STRING",
] as const;

const X509_VARIABLES = ["PATH_TO_CERTIFICATE_FILE", "PATH_TO_KEY_FILE"] as const;

/** Every edit that may be needed, to test whether the file can be edited. */
const TRIAL_EDITS: Readonly<Record<DeviceAccess["type"], EnvEdits>> = {
  local: {
    set: { C2D_LOCAL: "1", IOTHUB_DEVICE_ID: "-" },
    commentOut: CONFLICTING_VARIABLES,
    suggest: X509_VARIABLES,
  },
  connectionString: {
    set: { IOTHUB_DEVICE_CONNECTION_STRING: "-", IOTHUB_DEVICE_ID: "-", IOTHUB_CA_FILE: "-" },
    commentOut: ["C2D_LOCAL", "IOTHUB_SAS"],
    suggest: X509_VARIABLES,
  },
};

const OTHER_FILE = "Choose another file, in an existing directory.";

type Variables = Readonly<Record<string, string>>;

export interface EnvTarget {
  readonly shownPath: string;
  readonly path: string;
}

/** @throws UsageError for a file that cannot be written. */
export function prepareEnvFile(
  flag: string | true,
  directory: string,
  access: DeviceAccess["type"],
): EnvTarget {
  const shownPath = flag === true ? `./${DEFAULT_FILE}` : flag;
  const path = resolve(directory, flag === true ? DEFAULT_FILE : flag);
  const { target, text } = locate(shownPath, path);
  if (editEnvText(text, TRIAL_EDITS[access]) !== undefined) return target;
  throw new UsageError(
    `--write-env: ${shownPath} cannot be edited, because a value in it spans several lines`,
    OTHER_FILE,
  );
}

function locate(
  shownPath: string,
  path: string,
): { readonly target: EnvTarget; readonly text: string } {
  try {
    const target = { shownPath, path: resolveLinks(path) };
    accessSync(dirname(target.path), constants.W_OK);
    return { target, text: readText(target) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`--write-env: ${shownPath} cannot be written (${code})`, OTHER_FILE);
  }
}

/** @throws OutputError */
export function writeEnvFile(target: EnvTarget, device: DeviceSettings, context: Context): void {
  const text = readText(target);
  const { edits, messages } = toPlan(parse(text), device, target.shownPath);
  write(target, editEnvText(text, edits));
  for (const line of messages) context.reporter.info(escapeLine(line));
}

function write({ shownPath, path }: EnvTarget, text: string | undefined): void {
  const what = `the device exists, but ${shownPath} cannot be written`;
  if (text === undefined) {
    throw new OutputError(`${what}: it was changed in the meantime`, {
      hint: "Edit it by hand: c2d-hub device show --show-keys prints the connection string.",
    });
  }
  try {
    writeOwnerFile(path, text);
  } catch (cause) {
    throw new OutputError(`${what}: ${(cause as Error).message}`, { cause });
  }
}

interface Plan {
  readonly edits: EnvEdits;
  readonly messages: readonly string[];
}

function toPlan(variables: Variables, device: DeviceSettings, shownPath: string): Plan {
  const { set, conflicting, message } =
    device.access.type === "local"
      ? planForLocalHub(variables, device, shownPath)
      : planForConnectionString(variables, device.access, shownPath);
  const commentOut = conflicting.filter((name) => variables[name] !== undefined);
  return {
    edits: {
      set: { ...set, IOTHUB_DEVICE_ID: device.deviceId },
      commentOut,
      suggest: device.isX509 ? X509_VARIABLES : [],
    },
    messages: [
      message,
      ...describeCommentedOut(commentOut, shownPath),
      ...describeMissingFiles(variables, device, shownPath),
    ],
  };
}

interface AccessPlan {
  readonly set: Variables;
  readonly conflicting: readonly string[];
  readonly message: string;
}

function planForLocalHub(
  variables: Variables,
  { deviceId }: DeviceSettings,
  shownPath: string,
): AccessPlan {
  return {
    set: isLocal(variables) ? {} : { C2D_LOCAL: "1" },
    conflicting: CONFLICTING_VARIABLES,
    message: `Wrote ${shownPath}: c2d-device now runs as ${deviceId} on the local hub (C2D_LOCAL=1). For other programs, c2d-hub env -d ${deviceId} prints the connection string.`,
  };
}

function planForConnectionString(
  variables: Variables,
  { connectionString, caFile }: Extract<DeviceAccess, { type: "connectionString" }>,
  shownPath: string,
): AccessPlan {
  return {
    set: {
      IOTHUB_DEVICE_CONNECTION_STRING: connectionString,
      ...(caFile !== undefined && { IOTHUB_CA_FILE: caFile }),
    },
    conflicting: [...(isLocal(variables) ? ["C2D_LOCAL"] : []), "IOTHUB_SAS"],
    message: `Wrote the device's connection string to ${shownPath}, readable only by its owner.`,
  };
}

function isLocal({ C2D_LOCAL = "" }: Variables): boolean {
  return /^(1|true|yes|on)$/i.test(C2D_LOCAL);
}

function describeMissingFiles(
  variables: Variables,
  { isX509 }: DeviceSettings,
  shownPath: string,
): readonly string[] {
  const missing = isX509 ? X509_VARIABLES.filter((name) => variables[name] === undefined) : [];
  if (missing.length === 0) return [];
  return [
    `The device signs in with a certificate: fill in ${missing.join(" and ")} in ${shownPath}.`,
  ];
}

function describeCommentedOut(names: readonly string[], shownPath: string): readonly string[] {
  if (names.length === 0) return [];
  return [`Commented out ${names.join(" and ")} in ${shownPath} to avoid a conflict.`];
}

function readText({ path }: EnvTarget): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? "" : readFileSync(path, "utf8");
}

/** A link is kept, and its target written. */
function resolveLinks(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path);
}
