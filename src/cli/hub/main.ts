import { addDeviceIds } from "../device-ids/device-ids-command.ts";
import { formatExamples } from "../program/common-options.ts";
import { runAsProcess } from "../program/host.ts";
import { type Program, runProgram } from "../program/run-program.ts";
import { addDevice } from "./device/device-command.ts";
import { addEnv } from "./env/env-command.ts";
import { addLogs } from "./logs/logs-command.ts";
import { addMonitorEvents } from "./monitor-events/monitor-events-command.ts";
import { addMonitorFeedback } from "./monitor-feedback/monitor-feedback-command.ts";
import { addPurge } from "./purge-command.ts";
import { addQueue } from "./queue/queue-command.ts";
import { addSasToken } from "./sas-token/sas-token-command.ts";
import { addStart } from "./start/start-command.ts";
import { addStatus } from "./status-command.ts";
import { addStop } from "./stop-command.ts";
import { addUi } from "./ui/ui-command.ts";

export const program: Program = {
  name: "c2d-hub",
  build(program, act) {
    program.description(
      "Manage and monitor an IoT hub, or run a local one that Azure SDKs in any language accept.",
    );
    program.addHelpText(
      "after",
      formatExamples([
        ["c2d-hub start", "run a local hub in this terminal"],
        ["c2d-hub start --port 0 --in-memory -o json", "run one on any free port, in memory"],
        ['eval "$(c2d-hub env)"', "point the SDKs in this shell at it"],
        [
          "c2d-hub device create --local -d device2 --write-env",
          "create a device, and configure c2d-device for it",
        ],
      ]),
    );
    addStart(program, act);
    addStop(program, act);
    addStatus(program, act);
    addUi(program, act);
    addLogs(program, act);
    addQueue(program, act);
    addEnv(program, act);
    addDevice(program, act);
    addMonitorEvents(program, act);
    addMonitorFeedback(program, act);
    addPurge(program, act);
    addSasToken(program, act);
    addDeviceIds(program, act);
  },
};

export async function main(): Promise<void> {
  await runAsProcess((host) => runProgram(program, host));
}
