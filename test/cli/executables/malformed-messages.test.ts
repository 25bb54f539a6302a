/** A hub does not print what its clients send. */

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { RawAmqp } from "../../support/raw-amqp.ts";
import { parseLines, RunningExecutable } from "../support/run-executable.ts";

const TOKEN = Buffer.from("SharedAccessSignature sr=localhost&sig=secret");

/** A string instead of a section. */
const MALFORMED = Buffer.concat([Buffer.of(0xa1, TOKEN.length), TOKEN]);

test("a malformed request does not show its token", async () => {
  const directory = temporaryDirectory();
  const options = { directory, env: { C2D_HOME: directory } };
  const hub = new RunningExecutable("c2d-hub", ["start", "--port", "0", "-o", "json"], options);
  await hub.waitFor("stdout", `"type":"hub"`);
  const [ready] = parseLines(hub.stdout);
  const [host, port] = String(ready?.hostName).split(":");
  const socket = connect({ host, port: Number(port), ca: readFileSync(String(ready?.caFile)) });
  await once(socket, "secureConnect");
  const peer = new RawAmqp(socket);
  await peer.open();
  await peer.attachSender(0, "$cbs");
  const delivery = { delivery_id: 0, delivery_tag: Buffer.of(0), message_format: 0 };
  peer.send("transfer", { handle: 0, ...delivery }, MALFORMED);
  // The answer to what follows it.
  await peer.attachSender(1, "$cbs");
  socket.destroy();
  hub.process.kill("SIGTERM");
  const { stdout, stderr } = await hub.ended;
  expect(stdout).not.toContain("secret");
  expect(stderr).toBe("");
});
