/** A hub does not print what its clients send. */

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { parseLines, RunningExecutable } from "../support/run-executable.ts";

const HEADER = Buffer.from("AMQP\u0000\u0001\u0000\u0000", "latin1");
const TOKEN = Buffer.from("SharedAccessSignature sr=localhost&sig=secret");

/** A request to $cbs whose content is a string instead of a section. */
const REQUEST = [
  hex("005310c00401a10161"), // open
  hex("005311c00704404352645264"), // begin
  hex("005312c0180aa101614342404040005329c00701a10424636273404043"), // attach
  Buffer.concat([hex("005314c009064343a00100434242a1"), Buffer.from([TOKEN.length]), TOKEN]),
].map(frameOf);

const CLOSE = frameOf(hex("005318c00100"));

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

function frameOf(bytes: Uint8Array): Buffer {
  const head = hex("0000000002000000");
  head.writeUInt32BE(head.length + bytes.length);
  return Buffer.concat([head, bytes]);
}

test("a malformed request does not show its token", async () => {
  const directory = temporaryDirectory();
  const options = { directory, env: { C2D_HOME: directory } };
  const hub = new RunningExecutable("c2d-hub", ["start", "--port", "0", "-o", "json"], options);
  await hub.waitFor("stdout", `"type":"hub"`);
  const [ready] = parseLines(hub.stdout);
  const [host, port] = String(ready?.hostName).split(":");
  const ca = readFileSync(String(ready?.caFile));
  const socket = connect({ host, port: Number(port), ca });
  await once(socket, "secureConnect");
  socket.write(Buffer.concat([HEADER, ...REQUEST]));
  await once(socket, "data");
  socket.resume().end(CLOSE);
  await once(socket, "close");
  hub.process.kill("SIGTERM");
  const { stdout, stderr } = await hub.ended;
  expect(stdout).not.toContain("secret");
  expect(stderr).toBe("");
});
