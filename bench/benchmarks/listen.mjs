import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { ownerToken } from "../clients/tokens.mjs";
import { figure, ratioAtLeast } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { C2D_DEVICE, scriptOf, timeNode } from "../measuring/programs.mjs";
import { startBusyQueue } from "../servers/busy-queue.mjs";

export const description =
  "Messages a second that a device receives over MQTT and acknowledges while its queue is kept full, from the start of the process to its exit: `c2d-device listen -o json > file`, a script with mqtt.js that only counts, and one that prints each message before it acknowledges it, which is the least that a listener can do.";

const DEVICE = "device1";

export async function measure({ size }) {
  const { hub } = await startBusyQueue(DEVICE);
  const count = size(20_000, 200);
  const script = async (name) => (count * 1000) / (await timeScript(name, hub, count));
  const { listen, mqtt, print } = await measureInTurn(
    { rounds: size(7, 1), warmUps: size(1, 0) },
    {
      listen: async () => (count * 1000) / (await timeListen(hub, count)),
      mqtt: () => script("mqtt-receive.mjs"),
      print: () => script("mqtt-print.mjs"),
    },
  );
  const against = { what: "mqtt.js", samples: mqtt };
  return [
    figure("`c2d-device listen`", "/s", listen, { against, targets: [ratioAtLeast(0.9)] }),
    figure("mqtt.js that prints", "/s", print, { against }),
    figure("`c2d-device listen`", "/s", listen, {
      against: { what: "mqtt.js that prints", samples: print },
    }),
  ];
}

function timeListen(hub, count) {
  const args = ["listen", "--local", "-d", DEVICE, "--count", String(count), "-o", "json"];
  return timeIntoFile([C2D_DEVICE, ...args], { C2D_HOME: hub.home });
}

function timeScript(name, hub, count) {
  return timeIntoFile([scriptOf(`bench/opponents/${name}`), DEVICE, String(count)], {
    HUB_PORT: String(hub.port),
    HUB_TOKEN: ownerToken(hub),
    IOTHUB_CA_FILE: join(hub.home, "ca.pem"),
  });
}

function timeIntoFile(args, env) {
  const stdout = openSync("received", "w");
  return timeNode(args, { env, stdout }).finally(() => closeSync(stdout));
}
