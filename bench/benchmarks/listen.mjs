import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { ownerToken } from "../clients/tokens.mjs";
import { figure, ratioAtLeast } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { C2D_DEVICE, scriptOf, timeNode } from "../measuring/programs.mjs";
import { startBusyQueue } from "../servers/busy-queue.mjs";

export const description =
  "Messages a second that a device receives over MQTT and acknowledges while its queue is kept full, from the start of the process to its exit: `c2d-device listen -o json > file`, and a script with mqtt.js that only counts.";

const DEVICE = "device1";
const RECEIVER = scriptOf("bench/opponents/mqtt-receive.mjs");

export async function measure({ size }) {
  const { hub } = await startBusyQueue(DEVICE);
  const count = size(20_000, 200);
  const receiver = {
    HUB_PORT: String(hub.port),
    HUB_TOKEN: ownerToken(hub),
    IOTHUB_CA_FILE: join(hub.home, "ca.pem"),
  };
  const { listen, mqtt } = await measureInTurn(
    { rounds: size(7, 1), warmUps: size(1, 0) },
    {
      listen: async () => (count * 1000) / (await timeListen(hub, count)),
      mqtt: async () =>
        (count * 1000) / (await timeNode([RECEIVER, DEVICE, String(count)], { env: receiver })),
    },
  );
  return [
    figure("`c2d-device listen`", "/s", listen, {
      against: { what: "mqtt.js", samples: mqtt },
      targets: [ratioAtLeast(0.9)],
    }),
  ];
}

async function timeListen(hub, count) {
  const stdout = openSync("received", "w");
  const args = ["listen", "--local", "-d", DEVICE, "--count", String(count), "-o", "json"];
  const env = { C2D_HOME: hub.home };
  return timeNode([C2D_DEVICE, ...args], { env, stdout }).finally(() => closeSync(stdout));
}
