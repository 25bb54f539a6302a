import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import type { ConfigInputs } from "../../src/config/load-settings.ts";
import { loadServiceConfig } from "../../src/config/service-config.ts";

const HUB = "HostName=h;SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0";

function load(flags: ConfigInputs["flags"], env: ConfigInputs["env"] = {}) {
  return loadServiceConfig({ flags, env, directory: "/nowhere" }, ["d1"]);
}

function problemsOf(flags: ConfigInputs["flags"], env?: ConfigInputs["env"]) {
  try {
    load(flags, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("no ConfigError was thrown");
}

test.each(["h.azure-devices.net", "localhost", "localhost:8883", "hub:5671"])(
  "signs in to %s",
  (hubName) => {
    expect(load({ authType: "login", hubName }).hub).toEqual({
      type: "login",
      hostName: hubName,
      from: "--hub-name",
    });
  },
);

test("the command line overrides a hub in the environment", () => {
  const flags = { authType: "login", hubName: "h.azure-devices.net" };
  const { hub } = load(flags, { IOTHUB_CONNECTION_STRING: HUB, C2D_LOCAL: "1" });
  expect(hub.type).toBe("login");
});

test("key is the default", () => {
  const env = { IOTHUB_CONNECTION_STRING: HUB };
  expect(load({ authType: "key" }, env)).toEqual(load({}, env));
});

describe("reported with a hint", () => {
  test.each<readonly [string, ConfigInputs["flags"], string, string]>([
    ["login without a hub", { authType: "login" }, "required", "--hub-name <hub>"],
    ["login with --local", { authType: "login", local: true }, "required", "keys only"],
    [
      "login with a connection string",
      { authType: "login", hubConnectionString: HUB },
      "required",
      "--hub-name <hub>",
    ],
    ["a hub name without login", { hubName: "h.net" }, "not used", "Add --auth-type login"],
    [
      "a hub name with key",
      { authType: "key", hubName: "h.net", hubConnectionString: HUB },
      "not used",
      "omit --hub-name",
    ],
    [
      "another way to sign in",
      { authType: "sas", local: true },
      "must be one of key, login",
      "key or login",
    ],
    [
      "two hubs",
      { authType: "login", hubName: "h.net", hubConnectionString: HUB },
      "neither takes precedence",
      "Keep one",
    ],
    [
      "the first part of a name",
      { authType: "login", hubName: "myhub" },
      "not a full host name",
      "myhub.azure-devices.net",
    ],
    [
      "a URL",
      { authType: "login", hubName: "https://h.net" },
      "not a valid host name",
      "without https",
    ],
    [
      "a connection string",
      { authType: "login", hubName: HUB },
      "not a valid host name",
      "without",
    ],
  ])("%s", (_title, flags, what, fix) => {
    const problems = problemsOf(flags);
    expect(problems[0]?.what).toContain(what);
    expect(problems[0]?.fix).toContain(fix);
    expect(problems).toHaveLength(1);
  });
});
