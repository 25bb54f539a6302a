import { connectAll, deviceIds } from "../clients/connect-all.mjs";
import { connectMqttDevice } from "../clients/mqtt-device.mjs";
import { figure, ratioAtMost } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { COLLECTING, settledKiBOf } from "../measuring/settled-memory.mjs";
import { IN_MEMORY, startHub, withDevices } from "../servers/hub.mjs";
import { connectTlsClient, startTlsServer } from "../servers/tls-server.mjs";

export const description =
  "Resident memory for each of 5,000 devices that are connected and idle, after a collection of garbage. Each sample is of a new process, from 100 connections on.";

const FIRST = 100;

export async function measure({ size }) {
  const ids = deviceIds(size(5000, 20) + FIRST);
  const { hub, bare } = await measureInTurn(
    { rounds: size(5, 1), warmUps: 0 },
    {
      async hub() {
        const hub = await startHub([...IN_MEMORY, ...withDevices(ids)], { nodeArgs: COLLECTING });
        return measureConnections(hub, ids, (id) => connectMqttDevice(hub, id));
      },
      async bare() {
        const server = await startTlsServer(COLLECTING);
        return measureConnections(server, ids, () => connectTlsClient(server));
      },
    },
  );
  return [
    figure("hub, per device", "KiB", hub, {
      against: { what: "a TLS server, per connection", samples: bare },
      targets: [ratioAtMost(1.15)],
    }),
  ];
}

/** The first ones warm up the server. */
async function measureConnections(server, ids, connect) {
  const clients = await connectAll(ids.slice(0, FIRST), connect);
  const before = await settledKiBOf(server.pid);
  clients.push(...(await connectAll(ids.slice(FIRST), connect)));
  const after = await settledKiBOf(server.pid);
  for (const client of clients) client.close();
  await server.stop();
  return (after - before) / (ids.length - FIRST);
}
