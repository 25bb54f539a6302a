/** `c2d-hub stop` with a running hub, a hung hub, a zombie, and another program. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { onPosix } from "../../support/platform.ts";
import { RunningProgram } from "../../support/running-program.ts";
import { HubProcess } from "../support/hub-process.ts";
import { parseLines, run } from "../support/run-command.ts";
import { hasTerminals, runOnTerminal } from "../support/run-on-terminal.ts";

test("stop ends the hub, which removes hub.json", async () => {
  const hub = await HubProcess.start();
  const { code, stdout } = await run("c2d-hub", ["stop", "-o", "json"], hub.options);
  expect(parseLines(stdout)).toEqual([{ type: "stopped", pid: hub.pid }]);
  expect(code).toBe(0);
  expect((await run("c2d-hub", ["status"], hub.options)).code).toBe(5);
  await hub.stop();
});

test("stop leaves another program alone that has the process id and port of a stale hub.json", async () => {
  const stranger = await HubProcess.start();
  const hub = await HubProcess.start();
  const hubFile = join(hub.options.directory, "home", "hub.json");
  const description = JSON.parse(readFileSync(hubFile, "utf8")) as object;
  await run("c2d-hub", ["stop"], hub.options);
  const { hostName, pid } = stranger;
  const port = Number(hostName.split(":")[1]);
  writeFileSync(
    hubFile,
    JSON.stringify({ ...description, pid, ports: [port], endpoint: `localhost:${port}` }),
  );
  const stop = await run("c2d-hub", ["stop"], hub.options);
  expect(stop.stderr).toContain("No local hub is running");
  expect((await run("c2d-hub", ["status"], stranger.options)).code).toBe(0);
  await Promise.all([hub.stop(), stranger.stop()]);
});

describe.runIf(onPosix("signals"))("a hub that hangs", () => {
  let hub: HubProcess;

  beforeAll(async () => {
    hub = await HubProcess.start();
    process.kill(hub.pid, "SIGSTOP");
  });

  afterAll(async () => {
    process.kill(hub.pid, "SIGCONT");
    await hub.stop();
  });

  test.concurrent("is distinguished from a stopped hub", async () => {
    const { code, stdout, stderr } = await run("c2d-hub", ["stop", "-o", "json"], hub.options);
    expect([code, stdout]).toEqual([6, ""]);
    expect(parseLines(stderr)).toMatchObject([
      {
        name: "LocalHubNotStopped",
        message: `The local hub (process ${hub.pid}) is not responding.`,
        hint: expect.stringContaining(`kill -9 ${hub.pid}`),
      },
    ]);
  });

  test
    .runIf(hasTerminals)
    .concurrent("is mentioned on a terminal while waiting for it", async () => {
      const { code, screen } = await runOnTerminal("c2d-hub", ["stop"], hub.options);
      expect(code).toBe(6);
      expect(screen).toContain(`Waiting for the local hub to respond`);
    });
});

describe.runIf(onPosix("processes"))("a hub whose parent does not reap it", () => {
  const HUB = fileURLToPath(new URL("../../../bin/c2d-hub.js", import.meta.url));
  let directory: string;
  let parent: RunningProgram;

  beforeEach(async () => {
    directory = temporaryDirectory();
    // The shell is replaced by a program that does not reap its child.
    parent = new RunningProgram(
      "/bin/sh",
      ["-c", `"${HUB}" start --port 0 -o json & exec sleep 600`],
      options(),
    );
    await parent.waitFor("stdout", `"type":"hub"`);
  });

  afterEach(async () => {
    parent.process.kill("SIGKILL");
    await run("c2d-hub", ["stop"], options());
    await parent.ended;
  });

  const options = () => ({ directory, env: { C2D_HOME: join(directory, "home") } });

  test("has stopped once its store is released, even though its process id exists", async () => {
    const pid = Number(parseLines(parent.stdout)[0]?.pid);
    const { code, stdout } = await run("c2d-hub", ["stop", "-o", "json"], options());
    expect(parseLines(stdout)).toEqual([{ type: "stopped", pid }]);
    expect(code).toBe(0);
    // Signal 0 only checks that the zombie exists.
    expect(process.kill(pid, 0)).toBe(true);
    const sent = await run("c2d-send", ["--local"], options());
    expect(sent.code).toBe(0);
  });
});
