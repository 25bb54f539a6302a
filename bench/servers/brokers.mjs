/** Opponents of the hub: MQTT brokers over TLS, each in a process of its own. */

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { cpuMsOf } from "../measuring/process-figures.mjs";
import { scriptOf, startProgram } from "../measuring/programs.mjs";
import { writeCertificateFiles } from "./certificate.mjs";
import { findMosquitto } from "./mosquitto.mjs";

const AEDES = scriptOf("bench/opponents/aedes-broker.mjs");
const BARE_RELAY = scriptOf("bench/opponents/bare-relay.mjs");

/** Undefined, with a note, where it is not installed. */
export async function startAedes({ opponents, note }) {
  if (opponents === undefined) {
    note("**aedes is missing**: it could not be installed from the npm registry.");
    return undefined;
  }
  const { cert, certFile, keyFile } = await writeCertificateFiles();
  const broker = startProgram(process.execPath, [AEDES, opponents, certFile, keyFile], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await once(broker.stdout, "data");
  return describeBroker("aedes", broker, { port: Number(output), ca: cert });
}

/** Undefined, with a note, where it is not installed. */
export async function startMosquitto({ note }) {
  const path = findMosquitto();
  if (path === undefined) {
    note("**mosquitto is missing**: it is not installed (on Debian: `apt install mosquitto`).");
    return undefined;
  }
  const { cert, certFile, keyFile } = await writeCertificateFiles();
  const port = await findFreePort();
  const settings = [
    `listener ${port} 127.0.0.1`,
    `certfile ${certFile}`,
    `keyfile ${keyFile}`,
    // Otherwise root becomes another user, who cannot read the key.
    `user ${userInfo().username}`,
    "allow_anonymous true",
    "persistence false",
    "log_type error",
  ];
  writeFileSync("mosquitto.conf", `${settings.join("\n")}\n`);
  const broker = startProgram(path, ["-c", "mosquitto.conf"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await waitUntilListening(port);
  return describeBroker("mosquitto", broker, { port, ca: cert });
}

/** What a hub in Node can come near to. */
export async function startBareRelay() {
  const { cert, certFile, keyFile } = await writeCertificateFiles();
  const relay = startProgram(process.execPath, [BARE_RELAY, certFile, keyFile], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await once(relay.stdout, "data");
  // Any key will do for the token.
  const key = Buffer.alloc(32).toString("base64");
  return describeBroker("a bare relay", relay, { port: Number(output), ca: cert, key });
}

function describeBroker(name, { pid }, address) {
  return { name, ...address, cpuMs: () => cpuMsOf(pid) };
}

async function findFreePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function waitUntilListening(port) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const isListening = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isListening) return;
    await delay(50);
  }
  throw new Error(`nothing listens on port ${port}`);
}
