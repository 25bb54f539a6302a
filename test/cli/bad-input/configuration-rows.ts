/** Configuration that is missing or malformed, whatever its source: exit code 3. */

import { generateKeyPairSync } from "node:crypto";
import { type BadInput, rows } from "./row.ts";

const CONFIGURATION = { code: 3, name: "ConfigurationError" } as const;
const KEY = "c2VjcmV0LWtleS1vZi10aGUtdGVzdA==";
const HUB = `HostName=h.invalid;SharedAccessKeyName=service;SharedAccessKey=${KEY}`;
const DEVICE = `HostName=h.invalid;DeviceId=d;SharedAccessKey=${KEY}`;
const X509 = "HostName=h.invalid;DeviceId=d;x509=true";
const SIGNATURE = "sig=c2lnbmF0dXJlLW9mLXRlc3Q%3D";
const EXPIRED = `SharedAccessSignature sr=h.invalid%2Fdevices%2Fd&${SIGNATURE}&se=978307200`;
const HUB_TOKEN = `SharedAccessSignature sr=h.invalid&${SIGNATURE}&se=4102444800&skn=service`;

const OTHER_PEM = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
}).privateKey;

export const CONFIGURATION_ROWS: readonly BadInput[] = [
  ...rows({ executable: "c2d-send", ...CONFIGURATION }, [
    ["nothing configured", [], /--login[\s\S]*\.env[\s\S]*--local/],
    ["half a connection string", ["-l", "HostName=h.invalid", "-d", "d"], "missing"],
    ["a connection string the shell has cut", ["-l", "HostName=h", "-d", "d"], "quotes"],
    [
      "a connection string without a host",
      ["-l", `HostName=;${HUB.slice(19)}`, "-d", "d"],
      "HostName",
    ],
    ["a part that is no field", ["-l", `${HUB};policy`, "-d", "d"], "--login"],
    ["a field twice", ["-l", `${HUB};SharedAccessKey=${KEY}`, "-d", "d"], "twice"],
    ["a key that is not base64", ["-l", HUB.replace("==", "*"), "-d", "d"], "base64"],
    [
      "a host name with a scheme",
      ["-l", HUB.replace("h.invalid", "https://h.invalid"), "-d", "d"],
      "HostName",
    ],
    [
      "a host name with a space",
      ["-l", HUB.replace("h.invalid", "h .invalid"), "-d", "d"],
      "HostName",
    ],
    [
      "a host name with an escape sequence",
      ["-l", HUB.replace("h.", "h\u001b[31m."), "-d", "d"],
      "HostName",
    ],
    [
      "a port there is not",
      ["-l", HUB.replace("h.invalid", "localhost:99999"), "-d", "d"],
      "HostName",
    ],
    ["a device's string on the flag", ["-l", DEVICE], "device connection string"],
    [
      "a device's string in the environment",
      [],
      "device connection string",
      { env: { IOTHUB_CONNECTION_STRING: DEVICE } },
    ],
    [
      "only the device's string",
      [],
      "device connection string",
      { env: { IOTHUB_DEVICE_CONNECTION_STRING: DEVICE } },
    ],
    [
      "a device's string that is broken, read for its id",
      ["-l", HUB],
      "IOTHUB_DEVICE_CONNECTION_STRING",
      { env: { IOTHUB_DEVICE_CONNECTION_STRING: `HostName=h;SharedAccessKey=${KEY}` } },
    ],
    [
      "half a connection string in .env",
      ["-d", "d"],
      "./.env",
      { files: { ".env": "IOTHUB_CONNECTION_STRING=HostName=h\n" } },
    ],
    [
      "a .env whose line is broken",
      ["-d", "d"],
      undefined,
      { files: { ".env": `IOTHUB_CONNECTION_STRING ${HUB}\n\u001b[31m` } },
    ],
    ["a .env that is a directory", ["-d", "d"], ".env", { files: { ".env": undefined } }],
    ["an env file that is not there", ["--local", "--dry-run", "--dotenv", "missing"], "missing"],
    ["no device", ["-l", HUB], "-d"],
    ["both hubs on the command line", ["--local", "-l", HUB], "--local and --login"],
    [
      "both hubs in the environment",
      [],
      "C2D_LOCAL",
      { env: { C2D_LOCAL: "1", IOTHUB_CONNECTION_STRING: HUB } },
    ],
    [
      "both hubs in .env",
      [],
      "C2D_LOCAL",
      { files: { ".env": `C2D_LOCAL=1\nIOTHUB_CONNECTION_STRING="${HUB}"\n` } },
    ],
    ["C2D_LOCAL=maybe", [], "C2D_LOCAL", { env: { C2D_LOCAL: "maybe" } }],
    ["--transport pigeon", ["--local", "--transport", "pigeon"], "amqp"],
    [
      "IOTHUB_SERVICE_TRANSPORT=mqtt",
      ["--local"],
      "IOTHUB_SERVICE_TRANSPORT",
      { env: { IOTHUB_SERVICE_TRANSPORT: "mqtt" } },
    ],
    ["--ca of no file", ["--local", "--ca", "missing.pem"], "ENOENT"],
    [
      "--ca of no certificate",
      ["--local", "--ca", "ca.pem"],
      "PEM",
      { files: { "ca.pem": "not a certificate" } },
    ],
    ["--ca of a directory", ["--local", "--ca", "dir"], "EISDIR", { files: { dir: undefined } }],
    ["a device id with a slash", ["--local", "-d", "a/b"], "device id"],
    ["a device id with a space", ["--local", "-d", "a b"], "device id"],
    ["a device id that is empty", ["--local", "-d", ""], "device id"],
    ["a device id that is too long", ["--local", "-d", "x".repeat(129)], "128"],
    ["a device id with an escape sequence", ["--local", "-d", "\u001b[31m\u0007red"], "device id"],
    [
      "a device id with an escape sequence of one byte",
      ["--local", "-d", "\u009b31m"],
      "device id",
    ],
    [
      "a device id in the environment with an escape sequence",
      ["--local"],
      "IOTHUB_DEVICE_ID",
      { env: { IOTHUB_DEVICE_ID: "\u001b[31m" } },
    ],
    ["a connection string as a device id", ["--local", "-d", DEVICE], "device id"],
    ["a connection string as a transport", ["--local", "--transport", HUB], "amqp"],
    ["a connection string as a CA file", ["--local", "--ca", HUB], "ENOENT"],
    ["a connection string as an env file", ["--local", "--dotenv", HUB], "ENOENT"],
    [
      "a device file with a bad id",
      ["--local", "--device-file", "ids"],
      "device id",
      { files: { ids: "good\nnot good\u001b[31m\n" } },
    ],
    [
      "a home that is a file",
      ["--local"],
      "C2D_HOME",
      { env: { C2D_HOME: "file" }, files: { file: "" } },
    ],
  ]),
  ...rows({ executable: "c2d-device", ...CONFIGURATION }, [
    ["nothing configured", ["listen"], /--connection-string[\s\S]*\.env[\s\S]*--local/],
    [
      "half a connection string",
      ["listen", "--connection-string", "HostName=h;DeviceId=d"],
      "missing",
    ],
    ["the hub's string on the flag", ["listen", "--connection-string", HUB], "hub (service)"],
    [
      "the hub's string in the environment",
      ["listen"],
      "hub (service)",
      { env: { IOTHUB_DEVICE_CONNECTION_STRING: HUB } },
    ],
    [
      "only the hub's string",
      ["listen"],
      "hub (service)",
      { env: { IOTHUB_CONNECTION_STRING: HUB } },
    ],
    [
      "a key that is not base64",
      ["listen", "--connection-string", DEVICE.replace("==", "=")],
      "base64",
    ],
    [
      "a device id in it that is none",
      ["listen", "--connection-string", DEVICE.replace("=d;", "=a/b\u001b[31m;")],
      "device id",
    ],
    [
      "both hubs on the command line",
      ["listen", "--local", "--connection-string", DEVICE],
      "--local",
    ],
    [
      "a string and a token",
      ["listen", "--connection-string", DEVICE, "--sas-token", EXPIRED],
      "--sas-token",
    ],
    ["an expired token", ["listen", "--sas-token", EXPIRED], "2001-01-01"],
    [
      "an expired token in the environment",
      ["listen"],
      "IOTHUB_SAS",
      { env: { IOTHUB_SAS: EXPIRED } },
    ],
    ["a token of the hub", ["listen", "--sas-token", HUB_TOKEN], "not for a device"],
    [
      "a token that is none",
      ["listen", "--sas-token", "a-text-that-is-no-token"],
      "SAS token",
      { secrets: ["a-text-that-is-no-token"] },
    ],
    [
      "another device than the string's",
      ["listen", "--connection-string", DEVICE, "-d", "other"],
      "--device-id",
    ],
    ["X.509 without its files", ["listen", "--connection-string", X509], "--cert-file"],
    [
      "X.509 with a file that is not there",
      ["listen", "--connection-string", X509, "--cert-file", "no", "--key-file", "no"],
      "ENOENT",
    ],
    [
      "X.509 with files that are neither",
      ["listen", "--connection-string", X509, "--cert-file", "pem", "--key-file", "pem"],
      "PEM",
      { files: { pem: "nothing" } },
    ],
    [
      "X.509 with a key that is none",
      ["listen", "--connection-string", X509, "--cert-file", "%CA_FILE%", "--key-file", "pem"],
      "key",
      { files: { pem: "nothing" } },
    ],
    [
      "X.509 with another certificate's key",
      ["listen", "--connection-string", X509, "--cert-file", "%CA_FILE%", "--key-file", "pem"],
      "--key-file",
      { files: { pem: OTHER_PEM } },
    ],
    [
      "X.509 files for a device with a key",
      ["listen", "--connection-string", DEVICE, "--cert-file", "x"],
      "--cert-file",
    ],
    [
      "a passphrase for a device with a key",
      ["listen", "--connection-string", DEVICE, "--passphrase", "open sesame"],
      "--passphrase",
      { secrets: ["open sesame"] },
    ],
    ["--transport pigeon", ["listen", "--local", "--transport", "pigeon"], "mqtt"],
    [
      "IOTHUB_DEVICE_TRANSPORT=pigeon",
      ["listen", "--local"],
      "IOTHUB_DEVICE_TRANSPORT",
      { env: { IOTHUB_DEVICE_TRANSPORT: "pigeon" } },
    ],
  ]),
  ...rows({ executable: "c2d-hub", ...CONFIGURATION }, [
    ["env of a device id that is none", ["env", "-d", "a/b"], "device id"],
    ["an env file that is not there", ["status", "--dotenv", "missing"], "missing"],
    [
      "start in a home that is a file",
      ["start", "--port", "0"],
      "C2D_HOME",
      { env: { C2D_HOME: "file" }, files: { file: "" } },
    ],
    [
      "start in a home below a file",
      ["start", "--port", "0"],
      "C2D_HOME",
      { env: { C2D_HOME: "file/home" }, files: { file: "" } },
    ],
  ]),
];
