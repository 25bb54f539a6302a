/** Saves each body to a file of its own, which is never seen half written. */

import { createHash, randomUUID } from "node:crypto";
import { constants, link, open, stat, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ReceivedMessage } from "../../../client/connection/device-connection.ts";
import { formatUtc } from "../../../core/encodings.ts";
import { OutputError } from "../../terminal/output.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import { messageKey, WINDOW_SIZE } from "./duplicate-window.ts";
import type { Arrival } from "./message-record.ts";

/** File systems allow 255 bytes; this leaves room for a hash and a number. */
const MAX_NAME_BYTES = 200;

const HASH_LENGTH = 16;

/** Names of devices on Windows, with any extension. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

export class BodyDirectory {
  readonly #path: string;
  readonly #shownPath: string;
  /** By message, of those that may come again. */
  readonly #files = new Map<string, string>();

  private constructor(path: string, shownPath: string) {
    this.#path = path;
    this.#shownPath = shownPath;
  }

  /** @throws UsageError if it is missing, not a directory, or not readable. */
  static async open(path: string, workingDirectory: string): Promise<BodyDirectory> {
    if (path === "")
      throw new UsageError("--save-dir needs a directory", "Such as --save-dir inbox");
    const full = resolve(workingDirectory, path);
    const problem = await stat(full).then(
      (found) => (found.isDirectory() ? undefined : "is not a directory"),
      (error: NodeJS.ErrnoException) =>
        error.code === "ENOENT" ? "does not exist" : `cannot be read (${error.code})`,
    );
    if (problem === undefined) return new BodyDirectory(full, path);
    throw new UsageError(`--save-dir: ${path} ${problem}`, "Create it, or name another directory.");
  }

  /**
   * The path of the new file, below the directory as it was given; for a duplicate that of its first.
   *
   * @throws OutputError
   */
  async save(message: ReceivedMessage, arrival: SavedArrival): Promise<string> {
    const key = messageKey(message);
    const first = arrival.isDuplicate ? this.#files.get(key) : undefined;
    if (first !== undefined) return first;
    try {
      const name = await this.#save(message.body, nameOf(message, arrival));
      const path = join(this.#shownPath, name);
      this.#remember(key, path);
      return path;
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new OutputError(`cannot save a message in ${this.#shownPath}: ${reason}`, { cause });
    }
  }

  #remember(key: string, path: string): void {
    this.#files.set(key, path);
    const [oldest] = this.#files.keys();
    if (this.#files.size > WINDOW_SIZE && oldest !== undefined) this.#files.delete(oldest);
  }

  async #save(body: Uint8Array, name: string): Promise<string> {
    const temporary = join(this.#path, `.c2d-${randomUUID()}.part`);
    await writeDurably(temporary, body);
    try {
      const taken = await this.#linkAs(temporary, name);
      await syncDirectory(this.#path);
      return taken;
    } finally {
      await unlink(temporary);
    }
  }

  /** A link, unlike a rename, replaces nothing, and follows no symbolic link. */
  async #linkAs(temporary: string, name: string): Promise<string> {
    for (let number = 0; ; number += 1) {
      const free = number === 0 ? name : `${name}.${number}`;
      try {
        await link(temporary, join(this.#path, free));
        return free;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  }
}

type SavedArrival = Pick<Arrival, "n" | "receivedAtMs" | "isDuplicate">;

function nameOf({ system }: ReceivedMessage, { n, receivedAtMs }: SavedArrival): string {
  if (system.messageId) return toFileName(system.messageId);
  return `${formatUtc(receivedAtMs).replaceAll(":", "-")}-${n}`;
}

/** Percent-encodes whatever a file system or a shell might treat specially. */
export function toFileName(id: string): string {
  // Without half surrogate pairs, which cannot be encoded.
  const encoded = encodeURIComponent(Buffer.from(id).toString()).replace(/[!'()*~]/g, toPercent);
  const name = encoded
    .replace(/^[.-]|\.$/g, toPercent)
    .replace(RESERVED, (reserved) => reserved.replace(/^./, toPercent));
  if (name.length <= MAX_NAME_BYTES) return name;
  const hash = createHash("sha256").update(id).digest("hex").slice(0, HASH_LENGTH);
  return `${name.slice(0, MAX_NAME_BYTES)}-${hash}`;
}

function toPercent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

async function writeDurably(path: string, body: Uint8Array): Promise<void> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW = 0 } = constants;
  const file = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(body);
    await file.sync();
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
}

/** Not on Windows, which cannot open a directory. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
