/** `--write-env`: a `.env` file with which `c2d-device listen` is the device. */

import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "dotenv";
import type { ServiceHub } from "../../../config/service-hub.ts";
import { writeOwnerFile } from "../../../hub/home.ts";
import { escapeLine } from "../../escape.ts";
import { OutputError } from "../../output.ts";
import type { Context } from "../../run-program.ts";
import { UsageError } from "../../usage-error.ts";
import { type EnvEdits, editEnvText } from "./edit-env-text.ts";

/** What a device needs to know of itself. */
export interface DeviceSettings {
  readonly deviceId: string;
  readonly connectionString: string;
  /** The CA to trust beside the public ones. */
  readonly caFile?: string;
  readonly hubType: ServiceHub["type"];
}

const DEFAULT_FILE = ".env";

/** A ready-made token would name a hub beside the connection string. */
const RIVAL = "IOTHUB_SAS";

/** Everything that may have to be edited. */
const REHEARSAL: EnvEdits = {
  set: { IOTHUB_DEVICE_CONNECTION_STRING: "-", IOTHUB_DEVICE_ID: "-", IOTHUB_CA_FILE: "-" },
  commentOut: ["C2D_LOCAL", RIVAL],
};

const OTHER_FILE = "Name another file, in a directory that exists.";

/** A file that can be written, or could when it was looked at. */
export interface EnvTarget {
  /** As the user would name it. */
  readonly shownPath: string;
  readonly path: string;
}

/**
 * Before anything is asked of the hub: a device without its file would be a nuisance.
 *
 * @throws UsageError for a file that cannot be written.
 */
export function prepareEnvFile(flag: string | true, directory: string): EnvTarget {
  const shownPath = flag === true ? `./${DEFAULT_FILE}` : flag;
  const path = resolve(directory, flag === true ? DEFAULT_FILE : flag);
  const { target, text } = locate(shownPath, path);
  if (editEnvText(text, REHEARSAL) !== undefined) return target;
  throw new UsageError(
    `--write-env: ${shownPath} cannot be edited, for a value in it spans several lines`,
    OTHER_FILE,
  );
}

function locate(
  shownPath: string,
  path: string,
): { readonly target: EnvTarget; readonly text: string } {
  try {
    const target = { shownPath, path: throughLinks(path) };
    accessSync(dirname(target.path), constants.W_OK);
    return { target, text: readText(target) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`--write-env: ${shownPath} cannot be written (${code})`, OTHER_FILE);
  }
}

/**
 * The file is written whole or not at all, for its owner alone; its other lines stay.
 *
 * @throws OutputError
 */
export function writeEnvFile(target: EnvTarget, device: DeviceSettings, context: Context): void {
  const text = readText(target);
  const { edits, says } = toEdits(parse(text), device, target.shownPath);
  write(target, editEnvText(text, edits));
  for (const line of says) context.reporter.info(escapeLine(line));
}

function write({ shownPath, path }: EnvTarget, text: string | undefined): void {
  const what = `the device is there, but ${shownPath} cannot be written`;
  if (text === undefined) throw new OutputError(`${what}: it has been changed meanwhile`);
  try {
    writeOwnerFile(path, text);
  } catch (cause) {
    throw new OutputError(`${what}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * A file that leads to the local hub goes on doing so, and names the device alone: it starts the hub
 * when none runs, which a connection string does not, and both beside each other would contradict.
 */
function toEdits(
  variables: Readonly<Record<string, string>>,
  { deviceId, connectionString, caFile, hubType }: DeviceSettings,
  shownPath: string,
): { readonly edits: EnvEdits; readonly says: readonly string[] } {
  const isLocalFile = /^(1|true|yes|on)$/i.test(variables.C2D_LOCAL ?? "");
  if (isLocalFile && hubType === "local") {
    const commentOut = present(variables, ["IOTHUB_DEVICE_CONNECTION_STRING", RIVAL]);
    return {
      edits: { set: { IOTHUB_DEVICE_ID: deviceId }, commentOut },
      says: [
        `${shownPath} names the device now. It leads to the local hub (C2D_LOCAL=1), where that is enough; c2d-hub env -d ${deviceId} has the connection string for other programs.`,
        ...tellCommentedOut(commentOut, shownPath),
      ],
    };
  }
  const commentOut = present(variables, [...(isLocalFile ? ["C2D_LOCAL"] : []), RIVAL]);
  return {
    edits: {
      set: {
        IOTHUB_DEVICE_CONNECTION_STRING: connectionString,
        IOTHUB_DEVICE_ID: deviceId,
        ...(caFile !== undefined && { IOTHUB_CA_FILE: caFile }),
      },
      commentOut,
    },
    says: [
      `${shownPath} has the device's connection string now; only its owner can read it.`,
      ...tellCommentedOut(commentOut, shownPath),
    ],
  };
}

function tellCommentedOut(names: readonly string[], shownPath: string): readonly string[] {
  if (names.length === 0) return [];
  return [`${names.join(" and ")} in ${shownPath} would contradict that, and is commented out.`];
}

function present(
  variables: Readonly<Record<string, string>>,
  names: readonly string[],
): readonly string[] {
  return names.filter((name) => variables[name] !== undefined);
}

/** A file that is not there yet is empty. */
function readText({ path }: EnvTarget): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? "" : readFileSync(path, "utf8");
}

/** A link stays one: what it leads to is written. */
function throughLinks(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path);
}
