import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { BodyDirectory } from "../../../../src/cli/device/receiving/body-directory.ts";
import { MessageReceiver } from "../../../../src/cli/device/receiving/message-receiver.ts";
import { MESSAGE_KEYS } from "../../../../src/cli/device/receiving/message-record.ts";
import { toOutputFormat } from "../../../../src/cli/program/output-format.ts";
import type { Context } from "../../../../src/cli/program/run-program.ts";
import { type OutputData, StreamOutput } from "../../../../src/cli/terminal/output.ts";
import { Redactor } from "../../../../src/cli/terminal/redactor.ts";
import { Reporter } from "../../../../src/cli/terminal/reporter.ts";
import type { Delivery } from "../../../../src/client/connection/device-connection.ts";
import { temporaryDirectory } from "../../../support/local-hub.ts";

function createContext(): Context {
  const redactor = new Redactor();
  const output = new StreamOutput(new PassThrough(), "stderr");
  const looks = { isJson: false, isQuiet: true, isVerbose: false, colorLevel: 0 } as const;
  return {
    io: { stdin: new PassThrough(), stdout: output, stderr: output, env: {}, directory: "/" },
    interruption: { signal: new AbortController().signal, cause: undefined },
    reporter: new Reporter(output, redactor, looks),
    redactor,
    flags: { output: "text", color: false },
  };
}

function delivery(body: Uint8Array, settle = () => Promise.resolve()): Delivery {
  const message = { system: {}, properties: {}, body, isRedelivered: false, malformed: [] };
  return { message, settle };
}

test.each([
  [{ raw: true, separator: "|" }, Buffer.of(0xff, 0x7c, 0x00, 0x7c, 0x61, 0x7c)],
  [{ format: "{{n}} {{body}}" }, "1 /w==\n2 \\u0000\n3 a\n"],
] as const)("with %j, what arrives together is one write", async (flags, expected) => {
  const writes: OutputData[] = [];
  const sink = {
    isTTY: false,
    hasText: false,
    write: async (data: OutputData) => void writes.push(data),
    close: () => Promise.resolve(),
  };
  const format = toOutputFormat({ output: "text", ...flags }, MESSAGE_KEYS);
  const receiver = new MessageReceiver(
    { deviceId: "d", sink, format, settlement: "complete", count: 3 },
    createContext(),
  );
  for (const byte of [0xff, 0x00, 0x61]) receiver.add(delivery(Buffer.of(byte)), 1);
  await receiver.finished;
  expect(writes).toEqual([expected]);
});

test("what was saved before a body that cannot be saved is printed and settled", async () => {
  const directory = join(temporaryDirectory(), "bodies");
  mkdirSync(directory);
  const settled: string[] = [];
  const written: string[] = [];
  const sink = {
    isTTY: false,
    hasText: false,
    async write(data: OutputData) {
      written.push(...String(data).split("\n").filter(Boolean));
      if (written.length === 2) rmSync(directory, { recursive: true });
    },
    close: () => Promise.resolve(),
  };
  const receiver = new MessageReceiver(
    {
      deviceId: "d",
      sink,
      format: toOutputFormat({ output: "text", format: "{{body}}" }, MESSAGE_KEYS),
      settlement: "complete",
      bodies: await BodyDirectory.open(directory, "/"),
      count: undefined,
    },
    createContext(),
  );
  for (const body of ["a", "b", "c", "d"]) {
    receiver.add(
      delivery(Buffer.from(body), async () => void settled.push(body)),
      1,
    );
  }
  await expect(receiver.finished).rejects.toThrow("cannot save a message");
  await receiver.stop();
  expect(written).toEqual(["a", "b"]);
  expect(settled).toEqual(["a", "b"]);
});
