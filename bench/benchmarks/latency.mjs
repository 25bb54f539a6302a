import { openBrokerPath } from "../clients/broker-path.mjs";
import { openC2dPath } from "../clients/c2d-path.mjs";
import { deviceIds } from "../clients/connect-all.mjs";
import { figure } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { startAedes } from "../servers/brokers.mjs";
import { DURABLE, IN_MEMORY, startHub, withDevices } from "../servers/hub.mjs";

export const description =
  "One message at a time, in over AMQP and out over MQTT: the time from its sending until it has arrived and is answered. aedes: in and out over MQTT.";

const LOAD = { ids: deviceIds(24), window: 1 };

export async function measure(context) {
  const { size } = context;
  const messages = size(1000, 50);
  const paths = {
    memory: await openC2dPath(await startWithDevices(IN_MEMORY), LOAD),
    durable: await openC2dPath(await startWithDevices(DURABLE), LOAD),
  };
  const aedes = await startAedes(context);
  if (aedes) paths.aedes = await openBrokerPath(aedes, LOAD);
  const contenders = Object.entries(paths).map(([name, path]) => [
    name,
    async () => {
      const startMs = performance.now();
      await path.run(messages);
      return (performance.now() - startMs) / messages;
    },
  ]);
  const samples = await measureInTurn(
    { rounds: size(7, 1), warmUps: size(2, 0) },
    Object.fromEntries(contenders),
  );
  for (const path of Object.values(paths)) path.close();
  const against = samples.aedes && { what: "aedes", samples: samples.aedes };
  return [
    figure("hub in memory", "ms", samples.memory, { against }),
    figure("durable hub", "ms", samples.durable, { against }),
  ];
}

function startWithDevices(store) {
  return startHub([...store, ...withDevices(LOAD.ids)]);
}
