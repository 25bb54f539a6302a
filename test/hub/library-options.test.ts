/** Valid and invalid options of `startLocalHub`, and calls to a stopped hub. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LOCAL_HUB_OPTION_RANGES } from "../../src/hub/local-hub-options.ts";
import {
  HubStoppedError,
  InvalidOptionError,
  type LocalHubOptions,
  startLocalHub,
} from "../../src/index.ts";
import { freePort, isListening, startHubForTest } from "../support/local-hub.ts";

const YEARS_101_MS = 101 * 366 * 86_400_000;

/** Each with the option that the error names. */
const REFUSED: readonly (readonly [options: unknown, option: string])[] = [
  [{ devcies: ["device1"] }, "devcies"],
  [{ toString: 1 }, "toString"],
  [{ directory: 5 }, "directory"],
  [{ directory: "" }, "directory"],
  ["device1", "options"],
  [null, "options"],
  [{ devices: "device1" }, "devices"],
  [{ devices: [1] }, "devices[0]"],
  [{ port: -1 }, "port"],
  [{ port: 65_536 }, "port"],
  [{ port: 1.5 }, "port"],
  [{ port: "0" }, "port"],
  [{ port: Number.NaN }, "port"],
  [{ port: null }, "port"],
  [{ ui: "yes" }, "ui"],
  [{ uiPort: 65_536 }, "uiPort"],
  [{ host: "" }, "host"],
  [{ hostNames: ["good.example", "bad name"] }, "hostNames[1]"],
  [{ defaultTtlMs: 0 }, "defaultTtlMs"],
  [{ defaultTtlMs: YEARS_101_MS }, "defaultTtlMs"],
  [{ defaultTtlMs: Number.POSITIVE_INFINITY }, "defaultTtlMs"],
  [{ maxDeliveryCount: 0 }, "maxDeliveryCount"],
  [{ lockTimeoutMs: -5 }, "lockTimeoutMs"],
  [{ lockTimeoutMs: 0.5 }, "lockTimeoutMs"],
  [{ queueDepth: 0 }, "queueDepth"],
  [{ queueDepth: 2 ** 53 }, "queueDepth"],
  [{ feedbackIntervalMs: -1 }, "feedbackIntervalMs"],
  [{ deviceAuthorities: ["no certificate"] }, "deviceAuthorities[0]"],
  [{ consumerGroups: ["-"] }, "consumerGroups[0]"],
  [{ clock: Date }, "clock"],
];

describe("startLocalHub", () => {
  it.each(REFUSED)("refuses %o and names the option", async (options, option) => {
    const error = await startLocalHub(options as LocalHubOptions).then(
      () => expect.fail("it started"),
      (reason: InvalidOptionError) => reason,
    );
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ name: "InvalidOptionError", option });
    expect(error.message).toContain(`'${option}'`);
    expect(error.message).toContain(error.range.replace("one of ", ""));
  });

  it("validates its options before it listens", async () => {
    const port = await freePort();
    await expect(startLocalHub({ port, queueDepth: 0 })).rejects.toMatchObject({
      option: "queueDepth",
      value: 0,
      range: "a whole number, 1 or more",
    });
    expect(await isListening(port)).toBe(false);
  });

  it("does not show a refused value that may be a secret", async () => {
    const secret = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----";
    const options = { deviceAuthorities: [secret], connectionString: "SharedAccessKey=c2VjcmV0" };
    const errors = await Promise.all(
      Object.entries(options).map(([option, value]) =>
        startLocalHub({ [option]: value }).then(undefined, (error: Error) => error),
      ),
    );
    for (const error of errors) {
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(JSON.stringify({ ...(error as Error) }) + String(error)).not.toContain("c2VjcmV0");
    }
  });
});

describe("startLocalHub takes", () => {
  it("accepts every option at its bounds, and undefined", async () => {
    const { caFile } = await startHubForTest();
    await startHubForTest({
      devices: [],
      port: 0,
      ui: true,
      uiPort: 0,
      host: "127.0.0.1",
      hostNames: ["alias.example"],
      defaultTtlMs: 1,
      maxDeliveryCount: 1,
      lockTimeoutMs: 36_500 * 86_400_000,
      queueDepth: 1,
      feedbackIntervalMs: 0,
      deviceAuthorities: [readFileSync(caFile, "utf8")],
      consumerGroups: ["second"],
      ...({ clock: undefined } as object),
    });
  });

  it("knows exactly the options in HUB_OPTION_RANGES", async () => {
    const known = await startLocalHub({ ...({ unknown: 1 } as object) }).then(
      () => "",
      ({ range }: InvalidOptionError) => range,
    );
    expect(known).toBe(`one of ${Object.keys(LOCAL_HUB_OPTION_RANGES).join(", ")}`);
  });
});

describe("a stopped hub", () => {
  it("refuses every call except stop", async () => {
    const hub = await startLocalHub({ devices: ["device1"] });
    const stopping = hub.stop();
    await expect(hub.send("device1")).rejects.toThrow(HubStoppedError);
    await expect(hub.waitFor("enqueued")).rejects.toThrow(HubStoppedError);
    for (const call of [
      () => hub.deviceConnectionString("device1"),
      () => hub.subscribe(() => {}),
      () => hub.trust(),
    ]) {
      expect(call).toThrow(HubStoppedError);
    }
    await stopping;
    expect(() => hub.deviceConnectionString("device1")).toThrow(HubStoppedError);
    await hub.stop();
    await hub[Symbol.asyncDispose]();
  });
});
