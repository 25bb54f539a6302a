import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { parseEncodedBytes } from "../../core/encodings.ts";
import { HubError } from "../../core/hub-error.ts";
import type { Io } from "../terminal/io.ts";
import { unreadableInput } from "../terminal/unreadable-input.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { decodeUtf8 } from "../text/body-text.ts";
import type { BodySource } from "./body-source.ts";
import type { BodyPlan } from "./message-plan.ts";

export interface SizeLimit {
  readonly direction: "cloud-to-device" | "device-to-cloud";
  readonly maxBytes: number;
}

/** The input may be longer than the body: two hex digits per byte, and white space. */
const READ_FACTOR = 4;

/** @throws UsageError if it cannot be read or decoded; HubError MessageTooLarge. */
export async function readBody(
  source: BodySource,
  isTemplate: boolean,
  limit: SizeLimit,
  { stdin, directory }: Pick<Io, "stdin" | "directory">,
  signal: AbortSignal,
): Promise<BodyPlan | undefined> {
  switch (source.type) {
    case "default":
      return undefined;
    case "text":
      return source.encoding === "utf8"
        ? { type: "text", text: source.text, isTemplate }
        : { type: "bytes", bytes: decode(source.text, source.encoding) };
    case "stdin":
      return decodeBytes(await readStdin(stdin, limit, signal), source.encoding, isTemplate);
    case "file": {
      const bytes = await readFileBytes(resolve(directory, source.path), limit, signal);
      return { type: "bytes", bytes };
    }
  }
}

function decodeBytes(
  bytes: Buffer,
  encoding: "utf8" | "hex" | "base64",
  isTemplate: boolean,
): BodyPlan {
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    throw new UsageError(
      "--data -: stdin is not UTF-8 text",
      "Pass raw bytes in a file: --data-file-path <path>.",
    );
  }
  return encoding === "utf8"
    ? { type: "text", text, isTemplate }
    : { type: "bytes", bytes: decode(text, encoding) };
}

function decode(text: string, encoding: "hex" | "base64"): Uint8Array {
  const bytes = parseEncodedBytes(text, encoding);
  if (bytes === undefined) throw new UsageError(`--data is not valid ${encoding}`);
  return bytes;
}

async function readFileBytes(path: string, limit: SizeLimit, signal: AbortSignal): Promise<Buffer> {
  try {
    return await readBytes(createReadStream(path), limit, signal);
  } catch (error) {
    throw unreadableInput("--data-file-path", "the file", error);
  }
}

async function readStdin(stdin: Readable, limit: SizeLimit, signal: AbortSignal): Promise<Buffer> {
  try {
    return await readBytes(stdin, limit, signal);
  } catch (error) {
    throw unreadableInput("--data -", "stdin", error, "Pipe the body into it.");
  }
}

async function readBytes(stream: Readable, limit: SizeLimit, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = (): void => void stream.destroy(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > READ_FACTOR * limit.maxBytes) throw tooLarge(limit);
    }
    signal.throwIfAborted();
    return Buffer.concat(chunks);
  } finally {
    signal.removeEventListener("abort", stop);
    stream.destroy();
  }
}

function tooLarge({ direction, maxBytes }: SizeLimit): HubError {
  return new HubError(
    "MessageTooLarge",
    `The body exceeds the ${maxBytes} bytes allowed for a ${direction} message.`,
  );
}
