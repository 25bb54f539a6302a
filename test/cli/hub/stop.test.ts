/** `c2d-hub stop`: of a hub that answers, of one that does not, of one that leaves a zombie, of a stranger. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { runStop } from "../../../src/cli/hub/stop.ts";
import { createHome, type HomePaths, writeHubDescription } from "../../../src/hub/home/home.ts";
import { createInstallation } from "../../../src/hub/home/installation.ts";
import { issueServerCertificate } from "../../../src/hub/listener/tls.ts";
import { startHomeHub } from "../../../src/hub/local-hub.ts";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { onPosix } from "../../support/platform.ts";
import { RunningProgram } from "../../support/running-program.ts";
import { HubProcess } from "../support/hub-process.ts";
import { parseLines, run } from "../support/run-command.ts";
import { hasTerminals, runOnTerminal } from "../support/run-on-terminal.ts";

const hasSignals = onPosix("signals");
const signalled = test.runIf(hasSignals);

describe("a hub that another program has embedded", () => {
  test("ends, and its process goes on", async () => {
    const signals: string[] = [];
    const note = (signal: string): void => void signals.push(signal);
    process.on("SIGTERM", note);
    onTestFinished(() => void process.off("SIGTERM", note));
    const directory = temporaryDirectory();
    const hub = await startHomeHub({ directory, ports: [0] });
    const { context, lines } = await stopInProcess(directory);
    expect(lines).toEqual([{ type: "stopped", pid: process.pid }]);
    await hub.stopped;
    expect(signals).toEqual([]);
    // There is none now.
    expect(await runStop(directory, context)).toBe(0);
  });
});

async function stopInProcess(directory: string): Promise<InProcess> {
  const run = new InProcess();
  expect(await runStop(directory, run.context)).toBe(0);
  return run;
}

describe("a hub without the path for it, as of an older version", () => {
  signalled("is told by a signal", async () => {
    const paths = createHome(temporaryDirectory());
    const hub = await startStandIn(paths, "response.writeHead(404).end()");
    const { lines } = await stopInProcess(paths.directory);
    expect(lines).toEqual([{ type: "stopped", pid: hub.process.pid }]);
    expect((await hub.ended).signal).toBe("SIGTERM");
  });
});

describe("a hub that ends while it is told", () => {
  signalled("gets no signal, which could cut its end short", async () => {
    const paths = createHome(temporaryDirectory());
    const act = `request.method === "POST" ? request.socket.destroy() : response.writeHead(404).end()`;
    const hub = await startStandIn(paths, act);
    await stopInProcess(paths.directory);
    hub.process.kill("SIGKILL");
    expect((await hub.ended).signal).toBe("SIGKILL");
  });
});

/** A process that is found as this home's hub is, and answers every request in one way. */
async function startStandIn(paths: HomePaths, answer: string): Promise<RunningProgram> {
  const { authority, policies } = await createInstallation(Date.now());
  const { certificate, privateKey } = await issueServerCertificate(
    authority,
    ["localhost"],
    Date.now(),
  );
  const stop = await run("c2d-hub", ["stop"], hub.options);
  expect(stop.stderr).toContain("No local hub is running");
  expect((await run("c2d-hub", ["status"], stranger.options)).code).toBe(0);
  await Promise.all([hub.stop(), stranger.stop()]);
});

describe.runIf(hasSignals)("a hub that hangs", () => {
  let hub: HubProcess;

  beforeEach(async () => {
    hub = await HubProcess.start();
    process.kill(hub.pid, "SIGSTOP");
  });

  afterEach(async () => {
    process.kill(hub.pid, "SIGCONT");
    await hub.stop();
  });

  test("is told from one that does not run", async () => {
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

  test.runIf(hasTerminals)("on a terminal it says what it waits for", async () => {
    const { code, screen } = await runOnTerminal("c2d-hub", ["stop"], hub.options);
    expect(code).toBe(6);
    expect(screen).toContain(`Waiting for the local hub to answer`);
  });
});

describe.runIf(hasSignals)("a hub whose parent does not reap it", () => {
  const HUB = fileURLToPath(new URL("../../../bin/c2d-hub.js", import.meta.url));
  let directory: string;
  let parent: RunningProgram;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "c2d-zombie-"));
    // The shell makes way for a program that knows nothing of a child.
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
    rmSync(directory, { recursive: true, force: true });
  });

  const options = () => ({ directory, env: { C2D_HOME: join(directory, "home") } });

  test("has ended once its store is free, though its process id is there", async () => {
    const pid = Number(parseLines(parent.stdout)[0]?.pid);
    const { code, stdout } = await run("c2d-hub", ["stop", "-o", "json"], options());
    expect(parseLines(stdout)).toEqual([{ type: "stopped", pid }]);
    expect(code).toBe(0);
    // Signal 0 only asks: the zombie is there.
    expect(process.kill(pid, 0)).toBe(true);
    const sent = await run("c2d-send", ["--local"], options());
    expect(sent.code).toBe(0);
  });
});
