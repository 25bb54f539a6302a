/** `c2d-hub stop` uses REST, and a signal only for a hub that does not support it. */

import { writeFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { createHome, type HomePaths, writeHubDescription } from "../../../src/hub/home/home.ts";
import { createInstallation } from "../../../src/hub/home/installation.ts";
import { startHomeHub } from "../../../src/hub/home-hub.ts";
import { issueServerCertificate } from "../../../src/hub/listener/certificates.ts";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { onPosix } from "../../support/platform.ts";
import { RunningProgram } from "../../support/running-program.ts";
import { parseLines, run } from "../support/run-command.ts";

const signalled = test.runIf(onPosix("signals"));

describe("a hub embedded in another program", () => {
  test("stops, and its process keeps running", async () => {
    const signals: string[] = [];
    const note = (signal: string): void => void signals.push(signal);
    process.on("SIGTERM", note);
    onTestFinished(() => void process.off("SIGTERM", note));
    const directory = temporaryDirectory();
    const hub = await startHomeHub({ directory, ports: [0] });
    expect(await stop(directory)).toEqual([{ type: "stopped", pid: process.pid }]);
    await hub.stopped;
    expect(signals).toEqual([]);
    // No hub is running now.
    expect(await stop(directory)).toEqual([]);
  });
});

/** Returns the lines of `c2d-hub stop`. */
async function stop(directory: string): Promise<Record<string, unknown>[]> {
  const options = { directory, env: { C2D_HOME: directory } };
  const { code, stdout } = await run("c2d-hub", ["stop", "-o", "json"], options);
  expect(code).toBe(0);
  return parseLines(stdout);
}

describe("a hub of an older version, without this path", () => {
  signalled("is stopped by a signal", async () => {
    const paths = createHome(temporaryDirectory());
    const hub = await startStandIn(paths, "response.writeHead(404).end()");
    expect(await stop(paths.directory)).toEqual([{ type: "stopped", pid: hub.process.pid }]);
    expect((await hub.ended).signal).toBe("SIGTERM");
  });
});

describe("a hub that stops during the request", () => {
  signalled("gets no signal, which could interrupt it", async () => {
    const paths = createHome(temporaryDirectory());
    const act = `request.method === "POST" ? request.socket.destroy() : response.writeHead(404).end()`;
    const hub = await startStandIn(paths, act);
    await stop(paths.directory);
    hub.process.kill("SIGKILL");
    expect((await hub.ended).signal).toBe("SIGKILL");
  });
});

/** A process that is discovered like this home's hub, and gives every request the same response. */
async function startStandIn(paths: HomePaths, answer: string): Promise<RunningProgram> {
  const { authority, policies } = await createInstallation(Date.now());
  const { certificate, privateKey } = await issueServerCertificate(
    authority,
    ["localhost"],
    Date.now(),
  );
  const program = `
    const { cert, key } = process.env;
    const server = require("https").createServer({ cert, key }, (request, response) => { ${answer} });
    server.listen(0, "127.0.0.1", () => console.log("port " + server.address().port + ";"));
  `;
  const hub = new RunningProgram(process.execPath, ["-e", program], {
    directory: paths.directory,
    env: { cert: certificate, key: privateKey },
  });
  onTestFinished(() => void hub.process.kill("SIGKILL"));
  await hub.waitFor("stdout", ";");
  const port = Number(/port (\d+)/.exec(hub.stdout)?.[1]);
  const hostName = `localhost:${port}`;
  writeFileSync(paths.caFile, authority.certificate);
  const connectionString = `HostName=${hostName};SharedAccessKeyName=iothubowner;SharedAccessKey=${policies[0]?.primaryKey}`;
  writeHubDescription(paths, {
    ...{ hostName, endpoint: hostName, host: "127.0.0.1", ports: [port] },
    ...{ pid: hub.process.pid ?? 0, caFile: paths.caFile },
    ...{ connectionString, eventHubConnectionString: connectionString },
  });
  return hub;
}
