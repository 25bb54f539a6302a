import { expect, onTestFinished, test } from "vitest";
import {
  type RegistryCalls,
  withRegistry,
} from "../../../src/cli/hub/registry/registry-session.ts";
import type { Context } from "../../../src/cli/program/run-program.ts";
import type { DescribeProgress } from "../../../src/cli/terminal/progress-line.ts";
import type { HubConfig } from "../../../src/config/hub-config.ts";
import { parseHubConnectionString } from "../../../src/core/connection-string.ts";
import { startSilentServer } from "../../client/support/silent-server.ts";

/** Long enough for the wait to be shown, after one second. */
const TIMEOUT_MS = 1200;

/** The parts of a command's context that a registry session uses, and what its terminal showed last. */
function fakeTerminal() {
  let describe: DescribeProgress | undefined;
  const shown: (string | undefined)[] = [];
  const reporter = {
    info: () => {},
    progress: (next: DescribeProgress) => {
      describe = next;
    },
    endProgress: () => {
      shown.push(describe?.());
      describe = undefined;
    },
  };
  const interruption = { signal: new AbortController().signal };
  return { context: { reporter, interruption } as unknown as Context, shown };
}

test.each<[string, (registry: RegistryCalls) => Promise<unknown>]>([
  ["create", (registry) => registry.create("device1", {})],
  ["get", (registry) => registry.get("device1")],
  ["list", (registry) => registry.list()],
  ["delete", (registry) => registry.delete("device1")],
  ["purge", (registry) => registry.purge("device1")],
])(
  "%s shows the wait for a hub that does not respond, within --connect-timeout",
  async (...row) => {
    const [_what, call] = row;
    const server = await startSilentServer("tcp");
    onTestFinished(() => server.stop());
    const connectionString = parseHubConnectionString(
      `HostName=${server.hostName};SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0`,
    );
    const config = { hub: { type: "remote", connectionString, from: "--login" } } as HubConfig;
    const { context, shown } = fakeTerminal();
    const done = withRegistry(config, TIMEOUT_MS, context, ({ registry }) => call(registry));
    await expect(done).rejects.toMatchObject({ name: "ConnectTimeout" });
    expect(shown).toEqual([
      expect.stringMatching(/^Waiting for localhost:\d+ to respond, [1-9]\d* s/),
    ]);
  },
);
