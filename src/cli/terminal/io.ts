import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import { Readable, type Writable } from "node:stream";
import { type Output, StreamOutput } from "./output.ts";

export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Data, and nothing else. */
  readonly stdout: Output;
  /** Everything else. */
  readonly stderr: Output;
  readonly env: Record<string, string | undefined>;
  readonly directory: string;
}

export function systemIo(): Io {
  const directory = isA("directory", 0) ? unreadableDirectory() : undefined;
  return {
    get stdin() {
      return directory ?? process.stdin;
    },
    stdout: new StreamOutput(
      openStream(1, () => process.stdout),
      "stdout",
    ),
    stderr: new StreamOutput(
      openStream(2, () => process.stderr),
      "stderr",
    ),
    env: process.env,
    directory: process.cwd(),
  };
}

/** Not `process.stdout` for a pipe: it cannot be destroyed, so a blocked reader blocks exit. */
function openStream(fd: number, fallback: () => Writable): Writable {
  if (process.platform === "win32" || !isA("pipe", fd)) return fallback();
  return new Socket({ fd, readable: false, writable: true });
}

function isA(kind: "pipe" | "directory", fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return kind === "directory" ? stat.isDirectory() : stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

/** `process.stdin` would be an empty stream. */
function unreadableDirectory(): Readable {
  const error = Object.assign(new Error("stdin is a directory"), {
    code: "EISDIR",
    syscall: "read",
  });
  const stream = new Readable({ read: () => {} }).destroy(error);
  // Whoever reads it gets the error.
  return stream.on("error", () => {});
}
