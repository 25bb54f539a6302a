/** Telemetry in over MQTT, each message stored and acknowledged, and read as an event. */

import { fileURLToPath } from "node:url";
import { startProgram } from "../measuring/programs.mjs";
import { connectAll } from "./connect-all.mjs";
import { connectMqttDevice } from "./mqtt-device.mjs";
import { Window } from "./window.mjs";

const READER = fileURLToPath(new URL("./event-reader.mjs", import.meta.url));
const BODY = Buffer.alloc(100, "x");

/** As `openC2dPath`. */
export async function openTelemetryPath(hub, { ids, window: size }) {
  const publish = (n) => {
    const index = n % ids.length;
    devices[index].publish(`devices/${ids[index]}/messages/events/`, BODY);
  };
  const window = new Window(size, publish);
  const reader = startProgram(process.execPath, [READER], {
    env: hub.sdkEnvironment,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  reader.on("message", window.arrive);
  reader.once("exit", () => window.fail(new Error("the reader has ended")));
  const devices = await connectAll(ids, (id) =>
    connectMqttDevice(hub, id, () => {}, window.answer),
  );
  return {
    run: (count) => window.run(count),
    close() {
      reader.kill();
      for (const device of devices) device.close();
    },
  };
}
