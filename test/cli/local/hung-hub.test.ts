/** A hung local hub: every command reports it in time, with a hint. */

import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test as testAnywhere } from "vitest";
import { onPosix } from "../../support/platform.ts";
import { HubProcess } from "../support/hub-process.ts";
import { type ExecutableName, parseLines, run } from "../support/run-command.ts";

const test = testAnywhere.runIf(onPosix("signals"));

const LOCAL = ["--local"];

const COMMANDS: readonly (readonly [ExecutableName, ...string[]])[] = [
  ["c2d-send", ...LOCAL],
  ["c2d-device", "listen", ...LOCAL],
  ["c2d-device", "telemetry", ...LOCAL],
  ["c2d-hub", "monitor-events", ...LOCAL],
  ["c2d-hub", "monitor-feedback", ...LOCAL],
  ["c2d-hub", "purge", "-d", "device1", ...LOCAL],
  ["c2d-hub", "device", "list", ...LOCAL],
  ["c2d-hub", "device", "create", "-d", "new", ...LOCAL],
  ["c2d-hub", "status"],
  ["c2d-hub", "env"],
  ["c2d-send"],
  ["c2d-device", "listen"],
  ["c2d-device", "listen", "--transport", "amqp"],
  ["c2d-device", "listen", "--transport", "http"],
  ["c2d-device", "telemetry"],
  ["c2d-hub", "monitor-events"],
  ["c2d-hub", "monitor-feedback"],
  ["c2d-hub", "purge", "-d", "device1"],
  ["c2d-hub", "device", "show", "-d", "device1"],
];

let hub: HubProcess;
/** Variables that connect to the hub without `--local`. */
let variables: Record<string, string>;

beforeAll(async () => {
  hub = await HubProcess.start();
  const env = await run("c2d-hub", ["env", "--format", "json"], hub.options);
  variables = JSON.parse(env.stdout) as Record<string, string>;
  process.kill(hub.pid, "SIGSTOP");
});

afterAll(async () => {
  process.kill(hub.pid, "SIGCONT");
  await hub.stop();
});

function runAtHub([name, ...args]: readonly [ExecutableName, ...string[]], timeout: string) {
  const env = { ...hub.options.env, ...(args.includes("--local") ? {} : variables) };
  const all = [...args, "--connect-timeout", timeout, "-o", "json", "-q"];
  return run(name, all, { ...hub.options, env });
}

const told = () => [
  {
    type: "error",
    code: 5,
    message: `The local hub (process ${hub.pid}) is not responding.`,
    hint: expect.stringMatching(new RegExp(`kill -CONT ${hub.pid}.*kill -9 ${hub.pid}`)),
  },
];

test.concurrent.each(COMMANDS.map((command) => [command.join(" "), command] as const))(
  "%s",
  async (_, command) => {
    const { code, stderr } = await runAtHub(command, "1s");
    expect(parseLines(stderr)).toMatchObject(told());
    expect(code).toBe(5);
  },
);

test("a hub with a full connection backlog also counts as hung", async () => {
  const port = Number(hub.hostName.split(":")[1]);
  const sockets: Socket[] = [];
  try {
    // Connects until a connection is not accepted within a second: then the backlog is full.
    while (await isTaken(port, sockets));
    const { code, stderr } = await runAtHub(["c2d-hub", "status"], "1s");
    expect(parseLines(stderr)).toMatchObject(told());
    expect(code).toBe(5);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

function isTaken(port: number, sockets: Socket[]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    sockets.push(socket);
    const timer = setTimeout(() => resolve(false), 1000);
    socket.on("error", () => {});
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
