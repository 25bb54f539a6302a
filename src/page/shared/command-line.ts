/** The commands that do what the page does. */

import type { HubView, SendRequest } from "../../hub/page/page-types.ts";
import { shellWord } from "./shell-word.ts";

export type CommandFlag = HubView["commandFlag"];

export function createCommand(flag: CommandFlag, deviceId: string): string {
  return commandLine(["c2d-hub", "device", "create", flag, ...option("-d", deviceId)]);
}

export function statusCommand(flag: CommandFlag, deviceId: string, isEnabled: boolean): string {
  const status = isEnabled ? "enabled" : "disabled";
  const words = ["c2d-hub", "device", "update", flag, ...option("-d", deviceId)];
  return commandLine([...words, "--status", status]);
}

export function deleteCommand(flag: CommandFlag, deviceId: string): string {
  return commandLine(["c2d-hub", "device", "delete", flag, ...option("-d", deviceId)]);
}

export function purgeCommand(flag: CommandFlag, deviceId: string): string {
  return commandLine(["c2d-hub", "purge", flag, ...option("-d", deviceId)]);
}

export function listenCommand(flag: CommandFlag, deviceId: string): string {
  return commandLine(["c2d-device", "listen", flag, ...option("-d", deviceId)]);
}

export function telemetryCommand(flag: CommandFlag, deviceId: string): string {
  const words = ["c2d-device", "telemetry", flag, ...option("-d", deviceId)];
  return commandLine([...words, "--interval", "1"]);
}

/** @param expiry As in the form, "90s". */
export function sendCommand(flag: CommandFlag, request: SendRequest, expiry?: string): string {
  const { deviceId, messageId, correlationId, userId, contentType, ack } = request;
  return commandLine([
    "c2d-send",
    flag,
    ...option("-d", deviceId),
    ...bodyOptions(request),
    ...option("--ct", contentType),
    ...option("--mid", messageId),
    ...option("--cid", correlationId),
    ...option("--uid", userId),
    ...Object.entries(request.properties ?? {}).flatMap(([name, value]) =>
      option("-p", `${name}=${value}`),
    ),
    ...option("--expiry", expiry),
    ...option("--ack", ack === "none" ? undefined : ack),
    ...(hasPlaceholders(request) ? ["--no-template"] : []),
  ]);
}

/** Bodies are not filled in unless asked to. */
function hasPlaceholders({ messageId, correlationId, userId, properties }: SendRequest): boolean {
  return JSON.stringify([messageId, correlationId, userId, properties]).includes("{{");
}

/** No shell word can hold NUL, and "-" is stdin. */
function bodyOptions({ body = "", bodyEncoding = "utf8" }: SendRequest): string[] {
  if (bodyEncoding !== "utf8") return ["--data", body, "--data-encoding", bodyEncoding];
  if (!body.includes("\0") && body !== "-") return ["--data", body];
  const bytes = [...new TextEncoder().encode(body)];
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return ["--data", hex, "--data-encoding", "hex", "--ce", "utf-8"];
}

function option(name: string, value: string | undefined): string[] {
  return value ? [name, value] : [];
}

function commandLine(words: readonly string[]): string {
  return words
    .filter((word, index) => word || words[index - 1] === "--data")
    .map(shellWord)
    .join(" ");
}
