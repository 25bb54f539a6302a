/** `c2d-hub ui` prints the address of the page, with its key, and opens it; others show it without. */

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/local-hub.ts";
import { parseLines, RunningCommand, run } from "../support/run-command.ts";
import { run as runExecutable } from "../support/run-executable.ts";
import { StartedHub } from "../support/started-hub.ts";

async function start(...args: readonly string[]): Promise<StartedHub> {
  const hub = await StartedHub.start(...args);
  onTestFinished(() => hub.stop());
  return hub;
}

function keyOf({ directory }: StartedHub): string {
  return JSON.parse(readFileSync(join(directory, "home", "page.json"), "utf8")).key;
}

test("the address opens the page", async () => {
  const hub = await start();
  const { code, stdout, stderr } = await run("c2d-hub", ["ui", "--no-open"], hub.options);
  expect(stdout).toBe(`${hub.ready.ui}?key=${keyOf(hub)}\n`);
  expect([code, stderr]).toEqual([0, ""]);
  const { status } = await fetch(stdout.trim(), { redirect: "manual" });
  expect(status).toBe(303);
});

test("-o json has one line", async () => {
  const hub = await start();
  const { stdout } = await run("c2d-hub", ["ui", "--no-open", "-o", "json"], hub.options);
  expect(parseLines(stdout)).toEqual([{ type: "ui", url: `${hub.ready.ui}?key=${keyOf(hub)}` }]);
});

test("nothing else prints the key", async () => {
  const hub = await start();
  const all = await Promise.all(
    [["status"], ["status", "-o", "json"], ["env"], ["logs"], ["queue"]].map((args) =>
      run("c2d-hub", args, hub.options),
    ),
  );
  const texts = [
    JSON.stringify(hub.ready),
    ...all.flatMap(({ stdout, stderr }) => [stdout, stderr]),
  ];
  for (const text of texts) expect(text).not.toContain(keyOf(hub));
  expect(all[0]?.stdout).toContain(
    `Page:              ${hub.ready.ui} (open it with c2d-hub ui)\n`,
  );
  expect(parseLines(all[1]?.stdout ?? "")).toMatchObject([{ ui: hub.ready.ui }]);
});

test("start says where the page is", async () => {
  const hub = await start();
  await hub.end();
  const started = new RunningCommand("c2d-hub", ["start", "--port", "0"], hub.options);
  await started.waitFor("stdout", "Press Ctrl-C");
  // Where it was before.
  expect(started.stdout).toContain(
    `\nPage:            ${hub.ready.ui} (open it with c2d-hub ui)\n`,
  );
  started.interrupt();
  await started.ended;
});

test("--ui-port takes the port, or says that it is taken", async () => {
  const port = String(await freePort());
  const hub = await start("--ui-port", port);
  expect(hub.ready.ui).toBe(`http://127.0.0.1:${port}/`);
  const other = { ...hub.options, env: { C2D_HOME: join(hub.directory, "other") } };
  const { code, stderr } = await run("c2d-hub", ["start", "--port", "0", "--ui-port", port], other);
  expect(stderr).toMatch(new RegExp(`^error: Port ${port} .* in use.*\nhint: .*--ui-port <n>`));
  expect(code).toBe(6);
});

test("--no-ui serves no page, and the others say so", async () => {
  const hub = await start("--no-ui");
  expect(hub.ready).not.toHaveProperty("ui");
  const { code, stderr } = await run("c2d-hub", ["ui"], hub.options);
  expect(stderr).toMatch(/^error: The local hub .* serves no page\.\nhint: .*--no-ui/);
  expect(code).toBe(6);
  expect((await run("c2d-hub", ["status"], hub.options)).stdout).not.toContain("Page:");
});

describe.runIf(process.platform === "linux")("the browser", () => {
  /** Stands in for the system's: writes down what it is to open. */
  async function openWith(exitCode: number, env: Readonly<Record<string, string>>) {
    const hub = await start();
    const folder = join(hub.directory, "bin");
    const opened = join(hub.directory, "opened");
    mkdirSync(folder);
    writeFileSync(opened, "");
    const command = join(folder, "xdg-open");
    writeFileSync(command, `#!/bin/sh\necho "$@" > '${opened}'\nexit ${exitCode}\n`);
    chmodSync(command, 0o755);
    const path = `${folder}${delimiter}${process.env.PATH}`;
    const options = { ...hub.options, env: { ...hub.options.env, PATH: path, ...env } };
    const ended = await runExecutable("c2d-hub", ["ui"], options);
    expect(ended).toMatchObject({ code: 0, stdout: `${hub.ready.ui}?key=${keyOf(hub)}\n` });
    return { hub, ...ended, address: readFileSync(opened, "utf8").trim() };
  }

  test("is given a ticket instead of the key, which opens the page once", async () => {
    const { hub, stderr, address } = await openWith(0, { DISPLAY: ":0" });
    expect(stderr).toBe("Opening the page in the browser.\n");
    expect(address).toContain(`${hub.ready.ui}?ticket=`);
    expect(address).not.toContain(keyOf(hub));
    const visit = async () => (await fetch(address, { redirect: "manual" })).status;
    expect([await visit(), await visit()]).toEqual([303, 401]);
  });

  test("that cannot be opened is a warning", async () => {
    const { stderr } = await openWith(3, { DISPLAY: ":0" });
    expect(stderr).toBe(
      "warning: the page was not opened: the system could not open a browser. Open its address in a browser.\n",
    );
  });

  test.each([
    ["without a display", {}, "there is no display"],
    ["over SSH", { DISPLAY: ":0", SSH_CONNECTION: "1 2 3 4" }, "this is a remote session"],
  ])("is not opened %s", async (_, env, why) => {
    const { stderr, address } = await openWith(0, env);
    expect(stderr).toBe(
      `warning: the page was not opened: ${why}. Open its address in a browser.\n`,
    );
    expect(address).toBe("");
  });
});
