import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { beforeAll, expect, test } from "vitest";
import type { BodySource } from "../../../src/cli/message/body-source.ts";
import { readBody } from "../../../src/cli/message/read-body.ts";
import { UsageError } from "../../../src/cli/terminal/usage-error.ts";
import { sharedDirectory } from "../../support/local-hub.ts";

const directory = sharedDirectory();

beforeAll(() => {
  writeFileSync(join(directory, "bytes"), Buffer.of(0, 255, 10));
});

function read(source: BodySource, stdin: Readable = Readable.from([]), signal?: AbortSignal) {
  const never = new AbortController().signal;
  const limit = { direction: "cloud-to-device", maxBytes: 64 * 1024 } as const;
  return readBody(source, false, limit, { stdin, directory }, signal ?? never);
}

function stdinOf(...chunks: readonly Uint8Array[]): Readable {
  return Readable.from(chunks);
}

test.each<readonly [BodySource, Uint8Array]>([
  [{ type: "text", text: "00FF", encoding: "hex" }, Buffer.of(0, 255)],
  [{ type: "text", text: "00 ff\n", encoding: "hex" }, Buffer.of(0, 255)],
  [{ type: "text", text: "AP8=", encoding: "base64" }, Buffer.of(0, 255)],
  [{ type: "text", text: "AP8", encoding: "base64" }, Buffer.of(0, 255)],
  [{ type: "file", path: "bytes" }, Buffer.of(0, 255, 10)],
])("%j is read", async (source, bytes) => {
  expect(await read(source)).toEqual({ type: "bytes", bytes });
});

test("stdin is used unchanged, including the final newline", async () => {
  const body = await read(
    { type: "stdin", encoding: "utf8" },
    stdinOf(Buffer.from("a\n"), Buffer.from("ü\n")),
  );
  expect(body).toEqual({ type: "text", text: "a\nü\n", isTemplate: false });
});

test("a character split across chunks of stdin is kept intact", async () => {
  const bytes = Buffer.from("ü");
  const body = await read(
    { type: "stdin", encoding: "utf8" },
    stdinOf(bytes.subarray(0, 1), bytes.subarray(1)),
  );
  expect(body).toMatchObject({ text: "ü" });
});

test.each<BodySource>([
  { type: "text", text: "0", encoding: "hex" },
  { type: "text", text: "0g", encoding: "hex" },
  { type: "text", text: "A", encoding: "base64" },
  { type: "text", text: "A*==", encoding: "base64" },
  { type: "file", path: "missing" },
  { type: "file", path: "." },
])("%j is refused", async (source) => {
  await expect(read(source)).rejects.toThrow(UsageError);
});

test("stdin that is not UTF-8 is refused", async () => {
  const stdin = stdinOf(Buffer.of(0xff));
  await expect(read({ type: "stdin", encoding: "utf8" }, stdin)).rejects.toThrow(UsageError);
});

test("endless stdin is refused once it is too long", async () => {
  const endless = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(65_536);
    })(),
  );
  await expect(read({ type: "stdin", encoding: "utf8" }, endless)).rejects.toMatchObject({
    name: "MessageTooLarge",
  });
});

test("waiting for stdin can be interrupted", async () => {
  const controller = new AbortController();
  const reading = read({ type: "stdin", encoding: "utf8" }, new PassThrough(), controller.signal);
  controller.abort();
  await expect(reading).rejects.toMatchObject({ name: "AbortError" });
});
