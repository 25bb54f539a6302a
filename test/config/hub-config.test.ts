import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import {
  loadDeviceOfHubConfig,
  loadEventsConfig,
  loadHubConfig,
} from "../../src/config/hub-config.ts";
import type { ConfigInputs } from "../../src/config/load-settings.ts";
import { temporaryDirectory } from "../support/local-hub.ts";

const KEY = "c2VjcmV0LWtleS1vZi10aGUtdGVzdA==";
const HUB = `HostName=h.example;SharedAccessKeyName=service;SharedAccessKey=${KEY}`;
const EVENTS = `Endpoint=sb://e.example:5671/;SharedAccessKeyName=service;SharedAccessKey=${KEY};EntityPath=messages`;

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
});

function inputs(given: Partial<ConfigInputs> & { readonly dotenv?: string } = {}): ConfigInputs {
  const { dotenv, ...rest } = given;
  if (dotenv !== undefined) writeFileSync(join(directory, ".env"), dotenv);
  return { flags: {}, env: {}, directory, ...rest };
}

function problemsOf(load: () => unknown) {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("no ConfigError was thrown");
}

test("a hub is configured without a device", () => {
  const config = loadHubConfig(inputs({ env: { IOTHUB_CONNECTION_STRING: HUB } }));
  expect(config.hub).toMatchObject({ type: "remote" });
  expect(config.device).toBeUndefined();
  expect(config.secrets).toContain(KEY);
});

describe("a command about one device", () => {
  test("reports the source of the device id", () => {
    const env = { IOTHUB_CONNECTION_STRING: HUB, IOTHUB_DEVICE_ID: "d1" };
    const { device } = loadDeviceOfHubConfig(inputs({ env }));
    expect(device).toEqual({ deviceId: "d1", from: "IOTHUB_DEVICE_ID in the environment" });
  });

  test("has no default device, not even on the local hub, and reports all problems at once", () => {
    const problems = problemsOf(() => loadDeviceOfHubConfig(inputs()));
    expect(problems.map(({ where }) => where)).toEqual([
      "--device-id or IOTHUB_DEVICE_ID",
      "--login or IOTHUB_CONNECTION_STRING",
    ]);
    const flags = { local: true } as const;
    expect(problemsOf(() => loadDeviceOfHubConfig(inputs({ flags })))).toHaveLength(1);
  });
});

describe("the event source", () => {
  const typeOf = (given: Parameters<typeof inputs>[0]) => loadEventsConfig(inputs(given)).hub.type;

  test("the endpoint's connection string wins over a hub's at the same level", () => {
    const env = { IOTHUB_CONNECTION_STRING: HUB, EVENTHUB_CONNECTION_STRING: EVENTS };
    expect(loadEventsConfig(inputs({ env })).hub).toMatchObject({
      type: "eventHub",
      connectionString: { hostName: "e.example:5671", entityPath: "messages" },
      from: "EVENTHUB_CONNECTION_STRING in the environment",
    });
  });

  test("a hub at a higher level wins", () => {
    const env = { EVENTHUB_CONNECTION_STRING: EVENTS };
    expect(typeOf({ env, flags: { local: true } })).toBe("local");
    expect(typeOf({ env, flags: { hubConnectionString: HUB } })).toBe("remote");
    expect(typeOf({ env, flags: { authType: "login", hubName: "h.example" } })).toBe("login");
    const dotenv = `EVENTHUB_CONNECTION_STRING='${EVENTS}'`;
    expect(typeOf({ dotenv, env: { IOTHUB_CONNECTION_STRING: HUB } })).toBe("remote");
  });

  test.each<readonly [string, Parameters<typeof inputs>[0], string]>([
    [
      "two flags",
      { flags: { eventHubConnectionString: EVENTS, local: true } },
      "--local and --event-hub",
    ],
    [
      "a hub's flag",
      { flags: { eventHubConnectionString: EVENTS, hubConnectionString: HUB } },
      "--login and --event-hub",
    ],
    [
      "the local hub, exported",
      { env: { EVENTHUB_CONNECTION_STRING: EVENTS, C2D_LOCAL: "1" } },
      "C2D_LOCAL in the environment and EVENTHUB_CONNECTION_STRING in the environment",
    ],
    [
      "the local hub in .env",
      { dotenv: `C2D_LOCAL=1\nEVENTHUB_CONNECTION_STRING='${EVENTS}'` },
      "C2D_LOCAL in ./.env and EVENTHUB_CONNECTION_STRING in ./.env",
    ],
  ])("conflicts at the same level with %s", (_name, given, where) => {
    const problems = problemsOf(() => loadEventsConfig(inputs(given)));
    expect(problems).toMatchObject([{ where }]);
  });

  test("conflicts at a lower level are ignored", () => {
    const dotenv = `C2D_LOCAL=1\nEVENTHUB_CONNECTION_STRING='${EVENTS}'`;
    expect(typeOf({ dotenv, env: { IOTHUB_CONNECTION_STRING: HUB } })).toBe("remote");
    expect(typeOf({ dotenv, env: { EVENTHUB_CONNECTION_STRING: EVENTS } })).toBe("eventHub");
  });

  test.each([
    ["a hub's string", HUB, /connection string of a hub or a device/],
    ["no EntityPath", EVENTS.replace(/;EntityPath.*/, ""), /EntityPath is missing/],
    ["another scheme", EVENTS.replace("sb:", "https:"), /not have the form sb:/],
    ["no host name", EVENTS.replace("e.example:5671", "e example"), /not a valid host name/],
  ])("%s is an error", (_name, text, what) => {
    const flags = { eventHubConnectionString: text };
    const problems = problemsOf(() => loadEventsConfig(inputs({ flags })));
    expect(problems[0]?.what).toMatch(what);
    expect(JSON.stringify(problems)).not.toContain(KEY);
  });
});
