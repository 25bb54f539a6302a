import { deviceIds } from "../clients/connect-all.mjs";
import { figure, ratioAtLeast } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { createSendRates } from "../measuring/send-rates.mjs";
import { startDelayingProxy } from "../servers/delaying-proxy.mjs";
import { IN_MEMORY, startHub, withDevices } from "../servers/hub.mjs";

export const description =
  "As send-many, with 20 ms added to each round trip by a proxy, against a loop that awaits each send, as in the tutorial. The loop sends fewer messages: 200.";

const ONE_WAY_MS = 10;
const PER_DEVICE = 50;

export async function measure({ size }) {
  const ids = deviceIds(size(400, 8));
  const hub = await startHub([...IN_MEMORY, ...withDevices(ids)]);
  const proxy = await startDelayingProxy(hub.port, ONE_WAY_MS);
  const rates = createSendRates(hub, { ids, port: proxy.port });
  const { command, loop, sdk } = await measureInTurn(
    { rounds: size(5, 1), warmUps: size(1, 0) },
    {
      command: () => rates.command(ids.length * PER_DEVICE),
      loop: () => rates.sdkAwaiting(size(200, 8)),
      sdk: () => rates.sdk(ids.length * PER_DEVICE),
    },
  );
  proxy.close();
  return [
    figure("`c2d-send`", "/s", command, {
      against: { what: "azure-iothub, awaiting each send", samples: loop },
      targets: [ratioAtLeast(20)],
    }),
    figure("`c2d-send`", "/s", command, {
      against: { what: "azure-iothub, pipelined", samples: sdk },
    }),
  ];
}
