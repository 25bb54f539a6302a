/** Bad input of the `c2d-hub` commands for devices, purging and feedback. */

import { type BadInput, connectTimeout, rows } from "./row.ts";

const WRONG_KEY = "d3JvbmcgLSB3cm9uZyAtIHdyb25nISE=";
const OWN_KEY = "b3duIGtleSAtIG93biBrZXkgLSBvd24ga2V5IQ==";
const HUB = ["-l", "%HUB%", "--ca", "%CA_FILE%"];
const at = (host: string, ...args: readonly string[]) => [
  ...[...args, "--connect-timeout", connectTimeout(host)],
  ...["-l", `HostName=${host};SharedAccessKeyName=iothubowner;SharedAccessKey=${WRONG_KEY}`],
];
const create = (...args: readonly string[]) => ["device", "create", "--local", "-d", "d", ...args];
const update = (...args: readonly string[]) => ["device", "update", "--local", "-d", "d", ...args];
const feedback = (...args: readonly string[]) => ["monitor-feedback", "--local", ...args];

/** One command for REST and one for AMQP. */
const ASKING: readonly (readonly string[])[] = [["device", "list"], ["monitor-feedback"]];

export const HUB_COMMAND_ROWS: readonly BadInput[] = [
  ...rows({ executable: "c2d-hub", code: 2, name: "UsageError" }, [
    ["device without a command", ["device"], "create, show, list", { isTextOnly: true }],
    ["a typo in a command of device", ["device", "craete"], "create", { isTextOnly: true }],
    ["device create with a typo", create("--write-evn"), "--write-env"],
    ["device create --auth-method sas", create("--auth-method", "sas"), "shared_private_key"],
    ["device create --status off", create("--status", "off"), "disabled"],
    [
      "device create with a key that is none",
      create("--primary-key", "open sesame open sesame"),
      "--primary-key",
      { secrets: ["open sesame"] },
    ],
    [
      "device create with a key that is short",
      create("--secondary-key", "b3BlbiBzZXNhbWU="),
      "16 to 64 bytes",
      { secrets: ["b3BlbiBzZXNhbWU"] },
    ],
    [
      "device create with a key for a certificate",
      create("--auth-method", "x509_ca", "--primary-key", OWN_KEY),
      "cannot be used with",
      { secrets: [OWN_KEY] },
    ],
    [
      "device create with a thumbprint for a key",
      create("--primary-thumbprint", "ab".repeat(20)),
      "x509_thumbprint",
    ],
    [
      "device create without the thumbprint it takes",
      create("--auth-method", "x509_thumbprint"),
      "--primary-thumbprint",
    ],
    [
      "device create with half a thumbprint",
      create("--auth-method", "x509_thumbprint", "--primary-thumbprint", "ab:cd"),
      "40",
    ],
    [
      "device create --write-env into no directory",
      create("--write-env", "none/.env"),
      "none/.env",
    ],
    ["device show with more than it takes", ["device", "show", "--local", "-d", "d", "x"]],
    ["device list --show-keys", ["device", "list", "--local", "--show-keys"], "--show-keys"],
    ["device update of nothing", update(), "--regenerate-key"],
    ["device update --status off", update("--status", "off"), "disabled"],
    ["device update --regenerate-key third", update("--regenerate-key", "third"), "swap"],
    [
      "device update with a key that is short",
      update("--secondary-key", "b3BlbiBzZXNhbWU="),
      "16 to 64 bytes",
      { secrets: ["b3BlbiBzZXNhbWU"] },
    ],
    [
      "device update with a key and a new one",
      update("--regenerate-key", "primary", "--primary-key", OWN_KEY),
      "cannot be combined",
      { secrets: [OWN_KEY] },
    ],
    ["sas-token --duration 0", ["sas-token", ...HUB, "--duration", "0"], "36500 days"],
    ["sas-token for an age", ["sas-token", ...HUB, "--duration", "99999999d"], "36500 days"],
    ["sas-token --duration soon", ["sas-token", ...HUB, "--duration", "soon"], "seconds"],
    ["sas-token of another policy", ["sas-token", ...HUB, "--policy", "service"], "iothubowner"],
    [
      "sas-token of a login",
      ["sas-token", "--auth-type", "login", "--hub-name", "hub.invalid"],
      "--login",
    ],
    ["logs --since yesterday", ["logs", "--since", "yesterday"], "10m"],
    ["logs of a device", ["logs", "-d", "device1"], "-d"],
    ["queue with an argument", ["queue", "device1"]],
    [
      "monitor-feedback --format empty",
      feedback("--format", ""),
      "--format needs a template",
      { isTextOnly: true },
    ],
    ["monitor-feedback --count 0", feedback("--count", "0"), "1 or more"],
    ["monitor-feedback --timeout soon", feedback("--timeout", "soon"), "seconds"],
  ]),
  ...rows({ executable: "c2d-hub", code: 3, name: "ConfigurationError" }, [
    ["device create without a device", ["device", "create", "--local"], "--device-id"],
    ["device show of an id that is none", ["device", "show", "--local", "-d", "a b"], "device id"],
    ["device delete of nothing", ["device", "delete", ...HUB], "--device-id"],
    ["purge without a device", ["purge", "--local"], "--device-id"],
    ["device update without a device", ["device", "update", "--status", "enabled", ...HUB], "-d"],
    ["device connection-string of nothing", ["device", "connection-string", ...HUB], "-d"],
    ["sas-token of no hub", ["sas-token"], "--local"],
    ["sas-token of a device id that is none", ["sas-token", ...HUB, "-d", "a b"], "device id"],
    ["queue of a device id that is none", ["queue", "-d", "a b"], "device id"],
    ["device list of no hub", ["device", "list"], "--local"],
    ["purge of no hub", ["purge", "-d", "device1"], "--local"],
    ["monitor-feedback of no hub", ["monitor-feedback"], "--local"],
    [
      "device list of two hubs",
      ["device", "list", "--local", "-l", "%HUB%"],
      /--local.*--login|--login.*--local/,
    ],
    ["device list with a device's string", ["device", "list", "-l", "%DEVICE%"], "device"],
    [
      "monitor-feedback of a device id that is none",
      ["monitor-feedback", ...HUB, "-d", "\u001b[31m"],
      "device id",
    ],
    ["monitor-feedback over pigeon", feedback("--transport", "pigeon"), "amqp"],
    ["device list trusting nothing", ["device", "list", "--local", "--ca", "none"], "ENOENT"],
    [
      "device list --auth-type login without a name",
      ["device", "list", "--auth-type", "login"],
      "--hub-name",
    ],
  ]),
  ...ASKING.flatMap((command) => {
    const name = command.join(" ");
    return [
      ...rows({ executable: "c2d-hub", code: 4, name: "IotHubUnauthorized" }, [
        [`${name} with a wrong key`, at("%HOST%", ...command, "--ca", "%CA_FILE%"), "policy"],
      ]),
      ...rows({ executable: "c2d-hub", code: 5, name: "ConnectionRefused" }, [
        [`${name} at a dead port`, at("localhost:%DEAD_PORT%", ...command), "%DEAD_PORT%"],
      ]),
      ...rows({ executable: "c2d-hub", code: 5, name: "HostNotFound" }, [
        [`${name} at a name that does not resolve`, at("hub.invalid", ...command), "hub.invalid"],
      ]),
      ...rows({ executable: "c2d-hub", code: 5, name: "UntrustedCertificate" }, [
        [`${name} at a hub that is not trusted`, at("%HOST%", ...command), "--ca"],
      ]),
      ...rows({ executable: "c2d-hub", code: 5, name: "ConnectTimeout" }, [
        [`${name} at a port that never answers`, at("localhost:%SILENT_PORT%", ...command)],
      ]),
      ...rows({ executable: "c2d-hub", code: 5, name: "TlsFailure" }, [
        [`${name} at a port without TLS`, at("localhost:%PLAIN_PORT%", ...command)],
      ]),
    ];
  }),
  ...rows({ executable: "c2d-hub", code: 6, name: "DeviceNotFound" }, [
    ["device show of none", ["device", "show", ...HUB, "-d", "nobody"], "nobody"],
    ["device delete of none", ["device", "delete", ...HUB, "-d", "nobody"], "nobody"],
    [
      "device update of none",
      ["device", "update", ...HUB, "-d", "nobody", "--status", "enabled"],
      "nobody",
    ],
    [
      "device connection-string of none",
      ["device", "connection-string", ...HUB, "-d", "nobody"],
      "nobody",
    ],
    ["sas-token of none", ["sas-token", ...HUB, "-d", "nobody"], "nobody"],
    ["purge of none", ["purge", ...HUB, "-d", "nobody"], "nobody"],
  ]),
  ...rows({ executable: "c2d-hub", code: 6, name: "DeviceAlreadyExists" }, [
    [
      "device create of one that is there",
      ["device", "create", ...HUB, "-d", "device1", "--primary-key", OWN_KEY],
      "--if-not-exists",
      { secrets: [OWN_KEY] },
    ],
  ]),
  ...rows({ executable: "c2d-hub", code: 124, name: "Timeout" }, [
    [
      "monitor-feedback without any in time",
      ["monitor-feedback", ...HUB, "-d", "idle", "-c", "1", "--timeout", "1s"],
      "--ack",
    ],
    [
      "monitor-feedback that does not connect in time",
      ["monitor-feedback", ...HUB, "-d", "idle", "-c", "1", "--timeout", "30ms"],
      "--timeout",
    ],
  ]),
];
