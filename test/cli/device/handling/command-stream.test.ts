import { expect, test } from "vitest";
import { CommandStream } from "../../../../src/cli/device/handling/command-stream.ts";

const PARTS = [Buffer.from([0xc3]), Buffer.from([0xa9, 0x1b]), Buffer.from([0xe2, 0x82])];

async function print(isTTY: boolean) {
  const printed: (string | Uint8Array)[] = [];
  const stream = new CommandStream({ isTTY, write: async (data) => void printed.push(data) });
  for (const part of PARTS) await stream.write(part);
  await stream.end();
  return printed;
}

test("on a terminal, a character may come in parts", async () => {
  expect(await print(true)).toEqual(["é\\u001b", "\ufffd"]);
});

test("elsewhere the bytes are passed on", async () => {
  expect(await print(false)).toEqual(PARTS);
});
