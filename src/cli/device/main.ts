import { addDeviceIds } from "../device-ids/device-ids-command.ts";
import { formatExamples } from "../program/common-options.ts";
import { runAsProcess } from "../program/host.ts";
import { type Program, runProgram } from "../program/run-program.ts";
import { addListen } from "./listen/listen-command.ts";
import { addTelemetry } from "./telemetry/telemetry-command.ts";

export const program: Program = {
  name: "c2d-device",
  build(program, act) {
    program.description("Simulate an IoT Hub device.");
    program.addHelpText(
      "after",
      formatExamples([
        ["c2d-device listen --local", "receive from the local hub, with no account"],
        ["c2d-device listen", "receive as the device in IOTHUB_DEVICE_CONNECTION_STRING"],
        ["c2d-device telemetry --local", "send a wind speed every 30 s"],
      ]),
    );
    addListen(program, act);
    addTelemetry(program, act);
    addDeviceIds(program, act);
  },
};

export async function main(): Promise<void> {
  await runAsProcess((host) => runProgram(program, host));
}
