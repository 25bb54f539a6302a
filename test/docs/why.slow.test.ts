/** docs/why.md answers all twenty-two points, each with a working command or a reason why not. */

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ExecutableName, RunningExecutable, run } from "../cli/support/run-executable.ts";
import { PageShell } from "./page-shell.ts";
import { readPage } from "./pages.ts";

const POINTS = readPage("docs/why.md").split(/^### /m).slice(1);

const COMMANDS = POINTS.flatMap((point) =>
  [...point.matchAll(/^```sh\n(c2d-.*?)\n```$/gm)].map(([, command = ""]) => command),
);

/** Commands that the text says exit with another code than 0. */
const CODES: Readonly<Record<string, number>> = {
  "--on-queue-full fail": 6,
  "--settle reject": 2,
};

let place: PageShell;
let options: PageShell["options"];
let apart: PageShell["options"];

beforeAll(() => {
  place = new PageShell();
  options = place.options;
  const { directory, env } = options;
  apart = { directory, env: { ...env, C2D_HOME: join(directory, "apart") } };
});

afterAll(async () => {
  await run("c2d-hub", ["stop"], apart);
  await place.close();
});

test("the page has twenty-two points, in order", () => {
  expect(POINTS.map((point) => Number.parseInt(point, 10))).toEqual(
    Array.from({ length: 22 }, (_, index) => index + 1),
  );
});

describe.each(POINTS.map((point) => ({ title: point.split("\n")[0], point })))(
  "$title",
  ({ point }) => {
    test("has a command, or a reason why not", () => {
      expect(point).toMatch(/^```sh$|\bNo, because\b/m);
    });
  },
);

// One hub for all commands, in the order of the page: a later command receives what an earlier one sends.
test.each(COMMANDS)("%s", { timeout: 20_000 }, async (command) => {
  if (command.includes("|")) {
    const { code, stderr } = await place.run(command).ended;
    return expect(code, stderr).toBe(0);
  }
  const [name = "", ...args] = split(command);
  // A separate hub for commands that start one or fill a queue.
  const isApart = name === "c2d-hub" || command.includes("--on-queue-full");
  const hub = isApart ? apart : options;
  await using waiting = new Listeners(options);
  if (args.includes("--wait")) await waiting.start(["device1", "device2"]);
  if (args.includes("--count") && name === "c2d-device")
    await run("c2d-send", ["--local"], options);
  const executable = new RunningExecutable(name as ExecutableName, args, hub);
  if (isOpenEnded(command)) {
    await executable.waitFor(...readySignOf(command));
    executable.process.kill("SIGINT");
  }
  const expected = Object.entries(CODES).find(([flag]) => command.includes(flag))?.[1] ?? 0;
  const { code, stderr } = await executable.ended;
  if (isApart) await run("c2d-hub", ["stop"], apart);
  expect(code, stderr).toBe(expected);
});

function isOpenEnded(command: string): boolean {
  return /^c2d-(hub start|device listen)/.test(command) && !/--count|--settle/.test(command);
}

function readySignOf(command: string): ["stdout" | "stderr", string] {
  if (command.startsWith("c2d-device")) return ["stderr", "Waiting for C2D messages"];
  return ["stdout", command.includes("-o json") ? `"type":"hub"` : "Local hub ready"];
}

/** Splits a shell command line with single quotes into words. */
function split(command: string): readonly string[] {
  const words = command.match(/(?:'[^']*'|[^\s'])+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'/g, "$1"));
}

/** Devices that receive what is sent to them. */
class Listeners implements AsyncDisposable {
  readonly #options: typeof options;
  readonly #running: RunningExecutable[] = [];

  constructor(own: typeof options) {
    this.#options = own;
  }

  async start(deviceIds: readonly string[]): Promise<void> {
    for (const id of deviceIds) {
      const args = ["listen", "--local", "-d", id];
      this.#running.push(new RunningExecutable("c2d-device", args, this.#options));
    }
    const ready = this.#running.map((one) => one.waitFor("stderr", "Waiting for C2D messages"));
    await Promise.all(ready);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.#running) process.kill("SIGINT");
    await Promise.all(this.#running.map(({ ended }) => ended));
  }
}
