import { join } from "node:path";
import { ownerToken } from "../clients/tokens.mjs";
import { figure, ratioAtMost } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { C2D_SEND, scriptOf, timeNode } from "../measuring/programs.mjs";
import { IN_MEMORY, startHub } from "../servers/hub.mjs";

export const description =
  "One message to a running hub: the wall time of the whole process, from its start to its exit.";

const DEVICE = "device1";
const SDK_SEND = scriptOf("bench/opponents/sdk-send.cjs");
const RHEA_SEND = scriptOf("bench/opponents/rhea-send.cjs");

export async function measure({ size }) {
  // Nobody receives them.
  const hub = await startHub([...IN_MEMORY, "--device", DEVICE, "--queue-depth", "1000"]);
  const { environment } = hub;
  const rheaEnvironment = {
    HUB_PORT: String(hub.port),
    HUB_TOKEN: ownerToken(hub),
    IOTHUB_CA_FILE: join(hub.home, "ca.pem"),
  };
  const samples = await measureInTurn(
    { rounds: size(15, 1), warmUps: size(3, 0) },
    {
      send: () => timeNode([C2D_SEND, "-d", DEVICE], { env: environment }),
      local: () => timeNode([C2D_SEND, "-d", DEVICE, "--local"], { env: { C2D_HOME: hub.home } }),
      sdk: () => timeNode([SDK_SEND, DEVICE], { env: hub.sdkEnvironment }),
      rhea: () => timeNode([RHEA_SEND, DEVICE], { env: rheaEnvironment }),
    },
  );
  const sdk = { what: "a script with azure-iothub", samples: samples.sdk };
  const rhea = { what: "a script with rhea alone", samples: samples.rhea };
  const send = "`c2d-send -d device1`";
  return [
    figure(send, "ms", samples.send, { against: sdk, targets: [ratioAtMost(0.6)] }),
    figure(send, "ms", samples.send, { against: rhea, targets: [ratioAtMost(1.6)] }),
    figure(`${send.slice(0, -1)} --local\``, "ms", samples.local, {
      against: sdk,
      targets: [ratioAtMost(0.65)],
    }),
  ];
}
