import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseHubConnectionString } from "../../src/core/connection-string.ts";
import { startHomeHub } from "../../src/hub/home-hub.ts";
import { callRest } from "../contract/rest.ts";
import { startHubForTest, temporaryDirectory } from "../support/local-hub.ts";
import { signToken } from "../support/sign-token.ts";

/** A loopback address other than that of `localhost`; only Linux has it without configuration. */
const ADDRESS = "127.0.0.2";

it.runIf(process.platform === "linux")(
  "a hub bound to another address uses it as its host name",
  async () => {
    const directory = temporaryDirectory();
    await using hub = await startHomeHub({
      directory,
      host: ADDRESS,
      ports: [0],
      isInMemory: true,
    });
    const [port = 0] = hub.ports;
    expect(hub.hostName).toBe(`${ADDRESS}:${port}`);
    const { endpoint } = JSON.parse(readFileSync(join(directory, "hub.json"), "utf8"));
    expect(endpoint).toBe(`${ADDRESS}:${port}`);
    const { sharedAccessKey, sharedAccessKeyName } = parseHubConnectionString(hub.connectionString);
    const token = signToken({
      sr: ADDRESS,
      key: sharedAccessKey.reveal(),
      se: Math.floor(Date.now() / 1000) + 60,
      skn: sharedAccessKeyName,
    });
    const ca = readFileSync(hub.caFile, "utf8");
    const reply = await callRest(
      { host: ADDRESS, port, ca },
      { method: "GET", path: "/devices", token },
    );
    expect(reply.status).toBe(200);
  },
);

it.each(["127.0.0.1", "0.0.0.0", "localhost"])(
  "a hub bound to %s uses localhost as its host name",
  async (host) => {
    const hub = await startHubForTest({ host });
    expect(hub.hostName).toBe(`localhost:${hub.ports[0]}`);
  },
);
