import { connectService } from "../clients/amqp-service.mjs";
import { connectAll, deviceIds } from "../clients/connect-all.mjs";
import { createHttpsClient } from "../clients/https-client.mjs";
import { connectMqttDevice } from "../clients/mqtt-device.mjs";
import { figure, figureAtMost } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { C2D_HUB, timeNode } from "../measuring/programs.mjs";
import { DURABLE, IN_MEMORY, newHome, startHub, withDevices } from "../servers/hub.mjs";

export const description =
  "`c2d-hub start`, from its start until it prints that it is ready, in a directory that it has used before; and the wall time of `c2d-hub stop`.";

const IDS = deviceIds(8);

export async function measure({ size }) {
  const homes = { memory: newHome(), durable: newHome() };
  let hub;
  const start = (store, home) => async () => {
    hub = await startHub([...store, ...withDevices(IDS)], { home });
    return hub.readyMs;
  };
  const stop = () => timeNode([C2D_HUB, "stop"], { env: hub.environment });
  const samples = await measureInTurn(
    { rounds: size(9, 1), warmUps: size(2, 0) },
    {
      startInMemory: start(IN_MEMORY, homes.memory),
      stopIdle: stop,
      startDurable: start(DURABLE, homes.durable),
      async stopUsed() {
        await connectClients(hub);
        return stop();
      },
      node: () => timeNode(["-e", "0"]),
    },
  );
  const node = { what: "`node -e 0`", samples: samples.node };
  const startTargets = [figureAtMost(220)];
  const stopTargets = [figureAtMost(200)];
  return [
    figure("start, in memory", "ms", samples.startInMemory, {
      against: node,
      targets: startTargets,
    }),
    figure("start, durable", "ms", samples.startDurable, { against: node, targets: startTargets }),
    figure("stop, no client", "ms", samples.stopIdle, { against: node, targets: stopTargets }),
    figure("stop, 10 clients connected", "ms", samples.stopUsed, {
      against: node,
      targets: stopTargets,
    }),
  ];
}

/** One of each kind. They end with the hub. */
async function connectClients(hub) {
  await connectAll(IDS, (id) => connectMqttDevice(hub, id));
  const { connection } = connectService(hub);
  await new Promise((resolve) => connection.once("connection_open", resolve));
  const { status } = await createHttpsClient(hub).call("GET", `/devices/${IDS[0]}`);
  if (status !== 200) throw new Error(`the hub has answered with ${status}`);
}
