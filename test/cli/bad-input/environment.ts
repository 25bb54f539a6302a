/** The environment of the rows: a hub, and ports without one. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseLines, RunningCommand, run } from "../support/run-command.ts";
import type { BadInput } from "./row.ts";

export class TestEnvironment {
  /** Values for `%NAME%` in rows. */
  readonly texts: Readonly<Record<string, string>>;
  readonly #directory: string;
  readonly #hub: RunningCommand;
  readonly #servers: readonly Server[];
  #count = 0;
  readonly #turns = new Map<string, Promise<unknown>>();

  private constructor(
    directory: string,
    hub: RunningCommand,
    servers: readonly Server[],
    texts: Readonly<Record<string, string>>,
  ) {
    this.#directory = directory;
    this.#hub = hub;
    this.#servers = servers;
    this.texts = texts;
  }

  static async setUp(): Promise<TestEnvironment> {
    const directory = mkdtempSync(join(tmpdir(), "c2d-bad-"));
    const options = { directory, env: { C2D_HOME: join(directory, "hub") } };
    const devices = ["device1", "full", "silent", "idle"].flatMap((id) => ["--device", id]);
    const hub = new RunningCommand(
      "c2d-hub",
      ["start", "--port", "0", "--queue-depth", "2", "-o", "json", ...devices],
      options,
    );
    await hub.waitFor("stdout", `"type":"hub"`);
    const [line] = parseLines(hub.stdout);
    const variables = async (id: string) => {
      const { stdout } = await run("c2d-hub", ["env", "--format", "json", "-d", id], options);
      return JSON.parse(stdout) as Record<string, string>;
    };
    const [env, idle] = [await variables("device1"), await variables("idle")];
    const silent = await listen(createServer(() => {}));
    const plain = await listen(createServer((socket) => socket.end("220 ready\r\n")));
    const dead = await listen(createServer());
    const deadPort = portOf(dead);
    dead.close();
    return new TestEnvironment(directory, hub, [silent, plain], {
      HOME: options.env.C2D_HOME,
      HOST: String(line?.hostName),
      PORT: String(line?.hostName).split(":")[1] ?? "",
      CA_FILE: String(line?.caFile),
      HUB: env.IOTHUB_CONNECTION_STRING ?? "",
      DEVICE: env.IOTHUB_DEVICE_CONNECTION_STRING ?? "",
      IDLE_DEVICE: idle.IOTHUB_DEVICE_CONNECTION_STRING ?? "",
      SILENT_PORT: portOf(silent),
      PLAIN_PORT: portOf(plain),
      DEAD_PORT: deadPort,
    });
  }

  /** The row with its `%NAME%`s replaced. */
  fill(row: BadInput): BadInput {
    const fill = (text: string) =>
      text.replace(/%([A-Z_]+)%/g, (whole, name: string) => this.texts[name] ?? whole);
    const env = Object.entries(row.env ?? {}).map(([name, value]) => [name, fill(value)]);
    return {
      ...row,
      args: row.args.map(fill),
      env: Object.fromEntries(env) as Record<string, string>,
      ...(typeof row.says === "string" && { says: fill(row.says) }),
    };
  }

  /** A separate working directory with the row's files. */
  directoryFor({ files = {} }: BadInput): string {
    this.#count += 1;
    const directory = join(this.#directory, `row-${this.#count}`);
    mkdirSync(directory);
    for (const [name, content] of Object.entries(files)) {
      const path = join(directory, name);
      mkdirSync(content === undefined ? path : dirname(path), { recursive: true });
      if (content !== undefined) writeFileSync(path, content);
    }
    return directory;
  }

  /** A second connection of a device ends the first: rows that use the same device run one after another. */
  inTurn<T>({ args }: BadInput, run: () => Promise<T>): Promise<T> {
    const device = args.find((text) => /^%\w*DEVICE%$/.test(text));
    if (device === undefined) return run();
    const turn = (this.#turns.get(device) ?? Promise.resolve()).then(run);
    this.#turns.set(
      device,
      turn.catch(() => {}),
    );
    return turn;
  }

  /** A row that was wrongly accepted may have left a hub running. */
  async stopStray(directory: string): Promise<void> {
    const env = { C2D_HOME: join(directory, "none") };
    if (existsSync(join(env.C2D_HOME, "hub.json")))
      await run("c2d-hub", ["stop"], { directory, env });
  }

  async tearDown(): Promise<void> {
    for (const server of this.#servers) server.close();
    this.#hub.interrupt("SIGTERM");
    await this.#hub.ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => {
    server.listen(0, "localhost", resolve);
  });
  return server;
}

function portOf(server: Server): string {
  return String((server.address() as AddressInfo).port);
}
