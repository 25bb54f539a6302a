import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { MessageReceiver } from "../../../../src/cli/device/receiving/message-receiver.ts";
import { MESSAGE_KEYS } from "../../../../src/cli/device/receiving/message-record.ts";
import { toOutputFormat } from "../../../../src/cli/program/output-format.ts";
import type { Context } from "../../../../src/cli/program/run-program.ts";
import { type OutputData, StreamOutput } from "../../../../src/cli/terminal/output.ts";
import { Redactor } from "../../../../src/cli/terminal/redactor.ts";
import { Reporter } from "../../../../src/cli/terminal/reporter.ts";
import type { Delivery } from "../../../../src/client/connection/device-connection.ts";

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

function delivery(body: Uint8Array): Delivery {
  const message = { system: {}, properties: {}, body, isRedelivered: false, malformed: [] };
  return { message, settle: () => Promise.resolve() };
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
