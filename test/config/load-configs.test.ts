import { createPrivateKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import { loadDeviceConfig } from "../../src/config/device-config.ts";
import type { ConfigInputs } from "../../src/config/load-settings.ts";
import { loadServiceConfig } from "../../src/config/service-config.ts";
import { SETTING_KEYS, settingOf } from "../../src/config/settings.ts";
import { selfSigned } from "../support/device-certificate.ts";
import { temporaryDirectory } from "../support/local-hub.ts";

const KEY = "c2VjcmV0LWtleS1vZi10aGUtdGVzdA==";
const OTHER_KEY = "b3RoZXItc2VjcmV0LWtleS1oZXJlISE=";

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
});

function hub(name: string, key = KEY): string {
  return `HostName=${name};SharedAccessKeyName=service;SharedAccessKey=${key}`;
}

function device(name: string, deviceId = "d1", key = KEY): string {
  return `HostName=${name};DeviceId=${deviceId};SharedAccessKey=${key}`;
}

type Given = Partial<Pick<ConfigInputs, "flags" | "env" | "envFile">> & {
  readonly dotenv?: Record<string, string>;
};

function inputs({ dotenv, ...given }: Given): ConfigInputs {
  if (dotenv) {
    const lines = Object.entries(dotenv).map(([name, value]) => `${name}="${value}"`);
    writeFileSync(join(directory, ".env"), lines.join("\n"));
  }
  return { flags: {}, env: {}, directory, ...given };
}

function send(given: Given, deviceIds: readonly string[] = ["d1"]) {
  return loadServiceConfig(inputs(given), deviceIds);
}

function listen(given: Given) {
  return loadDeviceConfig(inputs(given), Date.UTC(2030, 0, 1));
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

describe("the hub of a service", () => {
  const LOCAL = "local";
  const cases: readonly (readonly [string, Given, string])[] = [
    ["flag", { flags: { hubConnectionString: hub("f") } }, "f"],
    ["environment", { env: { IOTHUB_CONNECTION_STRING: hub("e") } }, "e"],
    [".env", { dotenv: { IOTHUB_CONNECTION_STRING: hub("d") } }, "d"],
    [
      "flag over environment over .env",
      {
        flags: { hubConnectionString: hub("f") },
        env: { IOTHUB_CONNECTION_STRING: hub("e") },
        dotenv: { IOTHUB_CONNECTION_STRING: hub("d") },
      },
      "f",
    ],
    [
      "environment over .env",
      {
        env: { IOTHUB_CONNECTION_STRING: hub("e") },
        dotenv: { IOTHUB_CONNECTION_STRING: hub("d") },
      },
      "e",
    ],
    [
      "an empty variable is not set",
      { env: { IOTHUB_CONNECTION_STRING: "" }, dotenv: { IOTHUB_CONNECTION_STRING: hub("d") } },
      "d",
    ],
    ["C2D_LOCAL", { env: { C2D_LOCAL: "1" } }, LOCAL],
    [
      "an exported string beats C2D_LOCAL of .env",
      { env: { IOTHUB_CONNECTION_STRING: hub("e") }, dotenv: { C2D_LOCAL: "1" } },
      "e",
    ],
    [
      "C2D_LOCAL exported beats a string of .env",
      { env: { C2D_LOCAL: "true" }, dotenv: { IOTHUB_CONNECTION_STRING: hub("d") } },
      LOCAL,
    ],
    [
      "--local beats both",
      {
        flags: { local: true },
        env: { IOTHUB_CONNECTION_STRING: hub("e") },
        dotenv: { IOTHUB_CONNECTION_STRING: hub("d") },
      },
      LOCAL,
    ],
    [
      "--local beats even a broken string",
      { flags: { local: true }, env: { IOTHUB_CONNECTION_STRING: "broken" } },
      LOCAL,
    ],
    [
      "C2D_LOCAL=0 exported switches off the one in .env",
      { env: { C2D_LOCAL: "0" }, dotenv: { C2D_LOCAL: "1", IOTHUB_CONNECTION_STRING: hub("d") } },
      "d",
    ],
  ];

  test.each(cases)("%s", (_title, given, expected) => {
    const { hub: chosen } = send(given);
    expect(chosen.type === "remote" ? chosen.connectionString.hostName : LOCAL).toBe(expected);
  });

  test.each<readonly [string, Given, readonly string[]]>([
    ["flags", { flags: { local: true, hubConnectionString: hub("f") } }, ["--local", "--login"]],
    [
      "environment",
      { env: { C2D_LOCAL: "1", IOTHUB_CONNECTION_STRING: hub("e") } },
      ["C2D_LOCAL in the environment", "IOTHUB_CONNECTION_STRING in the environment"],
    ],
    [
      ".env",
      { dotenv: { C2D_LOCAL: "1", IOTHUB_CONNECTION_STRING: hub("d") } },
      ["C2D_LOCAL in ./.env", "IOTHUB_CONNECTION_STRING in ./.env"],
    ],
  ])("two hubs at the level of %s are both named", (_title, given, names) => {
    const problems = problemsOf(() => send(given));
    expect(problems).toHaveLength(1);
    for (const name of names) expect(problems[0]?.where).toContain(name);
  });

  test("without configuration the three options are listed", () => {
    const [problem, ...others] = problemsOf(() => send({}, []));
    expect(others).toEqual([]);
    expect(problem?.fix).toContain("IOTHUB_CONNECTION_STRING");
    expect(problem?.fix).toContain(".env");
    expect(problem?.fix).toContain("--local");
  });

  test("a device string is recognised", () => {
    const [problem] = problemsOf(() => send({ env: { IOTHUB_CONNECTION_STRING: device("h") } }));
    expect(problem?.where).toBe("IOTHUB_CONNECTION_STRING in the environment");
    expect(problem?.what).toContain("this is a device connection string");
  });
});

describe("the devices of a service", () => {
  const azure = { IOTHUB_CONNECTION_STRING: hub("e") };

  test.each<readonly [string, Given, readonly string[], readonly string[]]>([
    ["the command line", { env: { ...azure, IOTHUB_DEVICE_ID: "v" } }, ["a", "b"], ["a", "b"]],
    ["each once", { env: azure }, ["a", "b", "a"], ["a", "b"]],
    ["the variable", { env: { ...azure, IOTHUB_DEVICE_ID: "v" } }, [], ["v"]],
    [
      "the device connection string",
      { env: { ...azure, IOTHUB_DEVICE_CONNECTION_STRING: device("h", "fromString") } },
      [],
      ["fromString"],
    ],
    ["device1 on the local hub", { flags: { local: true } }, [], ["device1"]],
    [
      "device1 on the local hub, whatever device Azure's string names",
      { flags: { local: true }, env: { IOTHUB_DEVICE_CONNECTION_STRING: device("h", "azure") } },
      [],
      ["device1"],
    ],
  ])("from %s", (_title, given, ids, expected) => {
    expect(send(given, ids).deviceIds).toEqual(expected);
  });

  test("no device is a problem", () => {
    expect(problemsOf(() => send({ env: azure }, []))[0]?.what).toContain(
      "missing device to send to",
    );
  });

  test("an id that the registry would refuse is a problem", () => {
    expect(problemsOf(() => send({ env: azure }, ["a b"]))[0]?.what).toContain("'a b'");
  });
});

describe("the hub of a device", () => {
  test.each<readonly [string, Given, string]>([
    ["--connection-string", { flags: { deviceConnectionString: device("f") } }, "f"],
    ["the variable", { env: { IOTHUB_DEVICE_CONNECTION_STRING: device("e") } }, "e"],
    ["a SAS token", { flags: { sasToken: token("h:8883", "d1", Date.UTC(2031, 0, 1)) } }, "h:8883"],
  ])("from %s", (_title, given, hostName) => {
    const { hub: chosen } = listen(given);
    expect(chosen).toMatchObject({
      type: "remote",
      connectionString: { hostName, deviceId: "d1" },
    });
  });

  test("a hub string is recognised", () => {
    const [problem] = problemsOf(() =>
      listen({ env: { IOTHUB_DEVICE_CONNECTION_STRING: hub("h") } }),
    );
    expect(problem?.what).toContain("this is a hub (service) connection string");
  });

  test("with only a hub's string, the error names what is set and what is missing", () => {
    const [problem] = problemsOf(() => listen({ env: { IOTHUB_CONNECTION_STRING: hub("h") } }));
    expect(problem?.what).toContain("IOTHUB_CONNECTION_STRING in the environment is set");
  });

  test("an expired token is a problem", () => {
    const sasToken = token("h", "d1", Date.UTC(2029, 0, 1));
    expect(problemsOf(() => listen({ flags: { sasToken } }))[0]?.what).toContain("expired");
  });

  test("a token and a connection string at the same level are both named", () => {
    const sasToken = token("h", "d1", Date.UTC(2031, 0, 1));
    const flags = { sasToken, deviceConnectionString: device("f") };
    expect(problemsOf(() => listen({ flags }))[0]?.where).toContain("--sas-token");
  });

  test("on the local hub it is the given device, or device1", () => {
    expect(listen({ flags: { local: true } }).hub).toMatchObject({ deviceId: "device1" });
    expect(listen({ flags: { local: true, deviceId: "x" } }).hub).toMatchObject({ deviceId: "x" });
  });

  test("a --device-id that differs from the connection string's is a problem", () => {
    const flags = { deviceConnectionString: device("f"), deviceId: "other" };
    expect(problemsOf(() => listen({ flags }))[0]?.where).toBe("--device-id");
  });

  test("the variable may name another device, such as a sender's target", () => {
    const flags = { deviceConnectionString: device("f") };
    expect(listen({ flags, env: { IOTHUB_DEVICE_ID: "other" } }).hub.type).toBe("remote");
  });

  test("x509=true requires certificate and key", () => {
    const flags = { deviceConnectionString: "HostName=h;DeviceId=d;x509=true" };
    const keys = problemsOf(() => listen({ flags })).map(({ where }) => where);
    expect(keys).toEqual([
      "--cert-file or PATH_TO_CERTIFICATE_FILE",
      "--key-file or PATH_TO_KEY_FILE",
    ]);
  });

  describe("a certificate", () => {
    const passphrase = "open sesame";

    async function listenWith(passphraseGiven?: string, keyOf = "device1") {
      const own = await selfSigned("device1");
      const { key } = keyOf === "device1" ? own : await selfSigned(keyOf);
      const format = { type: "pkcs8", format: "pem" } as const;
      const lock = passphraseGiven && { cipher: "aes-256-cbc", passphrase: passphraseGiven };
      writeFileSync(join(directory, "d.crt"), own.cert);
      writeFileSync(
        join(directory, "d.key"),
        createPrivateKey(key).export({ ...format, ...(lock || {}) }),
      );
      const deviceConnectionString = "HostName=h;DeviceId=d;x509=true";
      const files = { deviceConnectionString, certFile: "d.crt", keyFile: "d.key" };
      return () =>
        listen({ flags: { ...files, ...(passphraseGiven && { passphrase: passphraseGiven }) } });
    }

    test.each([undefined, passphrase])(
      "and its key are accepted with passphrase %s",
      async (given) => {
        const load = await listenWith(given);
        expect(load().certificate?.key).toContain("PRIVATE KEY");
      },
    );

    test.each([undefined, passphrase])(
      "and another certificate's key are refused with passphrase %s",
      async (given) => {
        const problems = problemsOf(await listenWith(given, "other"));
        expect(problems).toMatchObject([
          { where: "--key-file", what: "the key in d.key does not match the certificate" },
        ]);
      },
    );
  });

  describe("on the local hub, where only the hub knows how the device authenticates", () => {
    const placesOf = (inputs: Parameters<typeof listen>[0]) =>
      problemsOf(() => listen(inputs)).map(({ where }) => where);

    test("one given file requires the other", () => {
      expect(placesOf({ flags: { local: true, certFile: "none" } })).toEqual([
        "--cert-file",
        "--key-file or PATH_TO_KEY_FILE",
      ]);
    });

    test("a variable alone may belong to another device", () => {
      const env = { PATH_TO_CERTIFICATE_FILE: "none" };
      expect(listen({ flags: { local: true }, env }).certificate).toBeUndefined();
    });
  });

  test("a certificate for a device with a key is a problem, not ignored", () => {
    const flags = { deviceConnectionString: device("f"), certFile: "x.pem" };
    expect(problemsOf(() => listen({ flags }))[0]?.where).toBe("--cert-file");
  });
});

describe("problems", () => {
  test("all are reported at once, each with its source", () => {
    const problems = problemsOf(() =>
      send(
        {
          flags: { serviceTransport: "carrier-pigeon" },
          env: { IOTHUB_CONNECTION_STRING: "HostName=h", IOTHUB_CA_FILE: "missing.pem" },
          dotenv: { IOTHUB_DEVICE_ID: "not an id" },
        },
        [],
      ),
    );
    expect(problems.map(({ where }) => where).sort()).toEqual([
      "--transport",
      "IOTHUB_CA_FILE in the environment",
      "IOTHUB_CONNECTION_STRING in the environment",
      "IOTHUB_DEVICE_ID in ./.env",
    ]);
    for (const { what, fix } of problems) {
      expect(what).not.toBe("");
      expect(fix).not.toBe("");
    }
  });

  test("a file that is not a certificate is a problem", () => {
    writeFileSync(join(directory, "ca.pem"), "hello");
    const [problem] = problemsOf(() => send({ flags: { local: true, caFile: "ca.pem" } }));
    expect(problem?.what).toContain("not a PEM certificate");
  });

  test("an unknown transport is reported with the supported ones", () => {
    const load = () => listen({ flags: { local: true, deviceTransport: "pigeon" } });
    expect(problemsOf(load)[0]?.what).toContain("must be one of mqtt");
  });

  test("C2D_LOCAL must be 1 or 0", () => {
    const [problem] = problemsOf(() => send({ env: { C2D_LOCAL: "perhaps" } }));
    expect(problem?.where).toBe("C2D_LOCAL in the environment");
  });

  test(".env may be missing, a file given by --dotenv may not", () => {
    expect(send({ flags: { local: true } }).hub.type).toBe("local");
    const [problem] = problemsOf(() => send({ flags: { local: true }, envFile: "other.env" }));
    expect(problem?.where).toBe("--dotenv other.env");
  });

  test("--dotenv replaces .env", () => {
    writeFileSync(join(directory, "other.env"), `IOTHUB_CONNECTION_STRING="${hub("o")}"`);
    const config = send({ envFile: "other.env", dotenv: { C2D_LOCAL: "1" } });
    expect(config.hub).toMatchObject({ connectionString: { hostName: "o" } });
  });

  test("no problem contains a secret", () => {
    const secretsGiven: Given[] = [
      { flags: { hubConnectionString: `HostName=h;SharedAccessKey=${KEY}` } },
      { flags: { hubConnectionString: device("h") } },
      { flags: { hubConnectionString: `${KEY}` } },
      { env: { IOTHUB_CONNECTION_STRING: hub("h", `${KEY}!`) } },
    ];
    for (const given of secretsGiven) {
      expect(JSON.stringify(problemsOf(() => send(given)))).not.toContain(KEY.slice(0, 20));
    }
    const sasToken = token("h", "d1", 0);
    expect(JSON.stringify(problemsOf(() => listen({ flags: { sasToken } })))).not.toContain("c2ln");
  });
});

test("a config lists its secrets, and does not reveal them as JSON", () => {
  const config = send({
    flags: { hubConnectionString: hub("h") },
    env: { IOTHUB_DEVICE_CONNECTION_STRING: device("h", "d", OTHER_KEY) },
  });
  expect(config.secrets).toContain(KEY);
  expect(config.secrets).toContain(OTHER_KEY);
  expect(JSON.stringify(config.hub)).not.toContain(KEY);
});

test("the home is C2D_HOME, or in XDG_DATA_HOME, or in the user's data directory", () => {
  const homeOf = (env: Record<string, string>) => {
    const { hub: chosen } = send({ flags: { local: true }, env });
    return chosen.type === "local" ? chosen.home : "";
  };
  expect(homeOf({ C2D_HOME: "/h", XDG_DATA_HOME: "/x" })).toBe("/h");
  expect(homeOf({ C2D_HOME: "h" })).toBe(join(directory, "h"));
  expect(homeOf({ XDG_DATA_HOME: "/x" })).toBe("/x/c2d-hub");
  if (process.platform === "linux") {
    expect(homeOf({ HOME: "/home/u" })).toBe("/home/u/.local/share/c2d-hub");
  }
});

test("each setting has a flag or a variable, and no variable is used twice", () => {
  const variables = SETTING_KEYS.map((key) => settingOf(key).variable).filter(Boolean);
  for (const key of SETTING_KEYS) {
    const { flag, flagOn, variable } = settingOf(key);
    expect(flag ?? variable, key).toBeDefined();
    expect(flag === undefined, key).toBe(flagOn === undefined);
  }
  expect(new Set(variables).size).toBe(variables.length);
});

function token(host: string, deviceId: string, expiryMs: number): string {
  const resource = encodeURIComponent(`${host}/devices/${deviceId}`);
  return `SharedAccessSignature sr=${resource}&sig=c2lnbmF0dXJl&se=${Math.floor(expiryMs / 1000) || 1}`;
}
