/** Errors that come from the hub or the connection: exit codes 4, 5, 6 and 124. */

import { type BadInput, connectTimeout, rows } from "./row.ts";

const WRONG_KEY = "d3JvbmcgLSB3cm9uZyAtIHdyb25nISE=";
const CA = ["--ca", "%CA_FILE%"];
const HUB = ["-l", "%HUB%", ...CA];
const hubAt = (host: string) => [
  ...["-d", "d", "--connect-timeout", connectTimeout(host)],
  ...["-l", `HostName=${host};SharedAccessKeyName=service;SharedAccessKey=${WRONG_KEY}`],
];
const deviceAt = (host: string) => [
  ...["listen", "--connect-timeout", connectTimeout(host)],
  ...["--connection-string", `HostName=${host};DeviceId=d;SharedAccessKey=${WRONG_KEY}`],
];
const deviceNamed = (id: string, key: string) => [
  ...["listen", ...CA],
  ...["--connection-string", `HostName=%HOST%;DeviceId=${id};SharedAccessKey=${key}`],
];

export const HUB_ROWS: readonly BadInput[] = [
  ...rows({ executable: "c2d-send", code: 4, name: "IotHubUnauthorized" }, [
    [
      "a wrong key",
      [...hubAt("%HOST%"), ...CA].map((arg) => arg.replace("=service", "=iothubowner")),
    ],
    [
      "a policy there is not",
      [...hubAt("%HOST%"), ...CA].map((arg) => arg.replace("=service", "=nobody")),
    ],
  ]),
  ...rows({ executable: "c2d-device", code: 4, name: "IotHubUnauthorized" }, [
    ["a wrong key", deviceNamed("device1", WRONG_KEY)],
    ["a device there is not", deviceNamed("nobody", WRONG_KEY)],
    [
      "a token somebody else has signed",
      [
        "listen",
        ...CA,
        "--sas-token",
        `SharedAccessSignature sr=%HOST%%2Fdevices%2Fdevice1&sig=${encodeURIComponent(WRONG_KEY)}&se=4102444800`,
      ],
    ],
  ]),
  ...(["c2d-send", "c2d-device"] as const).flatMap((executable) => {
    const at = executable === "c2d-send" ? hubAt : deviceAt;
    return [
      ...rows({ executable, code: 5, name: "ConnectionRefused" }, [
        ["a dead port", at("localhost:%DEAD_PORT%"), "%DEAD_PORT%"],
      ]),
      ...rows({ executable, code: 5, name: "HostNotFound" }, [
        ["a name that does not resolve", at("hub.invalid"), "hub.invalid"],
      ]),
      ...rows({ executable, code: 5, name: "UntrustedCertificate" }, [
        ["a certificate that is not trusted", at("%HOST%"), "--ca"],
      ]),
      ...rows({ executable, code: 5, name: "ConnectTimeout" }, [
        ["a port that takes and never answers", at("localhost:%SILENT_PORT%"), "%SILENT_PORT%"],
      ]),
      ...rows({ executable, code: 5, name: "TlsFailure" }, [
        ["a port that does not speak TLS", at("localhost:%PLAIN_PORT%"), "%PLAIN_PORT%"],
      ]),
    ];
  }),
  ...rows({ executable: "c2d-send", code: 6, name: "DeviceNotFound" }, [
    ["a device there is not", [...HUB, "-d", "nobody"]],
    ["one device of two there is not", [...HUB, "-d", "device1", "-d", "nobody"]],
  ]),
  ...rows({ executable: "c2d-send", code: 6, name: "MessageTooLarge" }, [
    [
      "a body of more than 64 KB",
      [...HUB, "-d", "device1", "--dfp", "big"],
      undefined,
      { files: { big: new Uint8Array(66_000) } },
    ],
    ["properties of more than 64 KB", [...HUB, "-d", "device1", "-p", `a=${"x".repeat(66_000)}`]],
    [
      "a body nobody would read to its end",
      [...HUB, "-d", "device1", "--dfp", "big"],
      undefined,
      { files: { big: new Uint8Array(300_000) } },
    ],
    [
      "a stdin nobody would read to its end",
      [...HUB, "-d", "device1", "--data", "-"],
      undefined,
      { stdin: "x".repeat(300_000) },
    ],
  ]),
  ...rows({ executable: "c2d-send", code: 6, name: "DeviceMaximumQueueDepthExceeded" }, [
    [
      "a full queue, --on-queue-full fail",
      [...HUB, "-d", "full", "-c", "3", "--on-queue-full", "fail"],
      "listen",
    ],
    [
      "a full queue until --timeout",
      [...HUB, "-d", "full", "-c", "3", "--timeout", "300ms"],
      "listen",
    ],
  ]),
  ...rows({ executable: "c2d-send", code: 124, name: "Timeout" }, [
    ["no feedback in time", [...HUB, "-d", "silent", "--wait", "--timeout", "300ms"], "--timeout"],
  ]),
  ...rows({ executable: "c2d-device", code: 124, name: "Timeout" }, [
    [
      "no message in time",
      ["listen", "--connection-string", "%IDLE_DEVICE%", ...CA, "-c", "1", "--timeout", "2s"],
      "--timeout",
    ],
    [
      "no connection in time",
      ["listen", "--connection-string", "%IDLE_DEVICE%", ...CA, "-c", "1", "--timeout", "30ms"],
      "--timeout",
    ],
    [
      "no message for too long",
      [
        "listen",
        "--connection-string",
        "%IDLE_DEVICE%",
        ...CA,
        "-c",
        "1",
        "--idle-timeout",
        "300ms",
      ],
      "--idle-timeout",
    ],
  ]),
  ...rows({ executable: "c2d-hub", code: 6, name: "PortUnavailable" }, [
    ["start on a port in use", ["start", "--port", "%PORT%"], "%PORT%"],
    ["start on an address this machine has not", ["start", "--port", "0", "--host", "192.0.2.1"]],
  ]),
  ...rows({ executable: "c2d-hub", code: 6, name: "LocalHubAlreadyRunning" }, [
    [
      "start where one runs",
      ["start", "--port", "0"],
      "c2d-hub stop",
      { env: { C2D_HOME: "%HOME%" } },
    ],
  ]),
  ...rows({ executable: "c2d-hub", code: 5, name: "LocalHubNotRunning" }, [
    ["status of none", ["status"], "c2d-hub start"],
    ["env of none", ["env"], "c2d-hub start"],
    ["queue of none", ["queue"], "c2d-hub start"],
    ["ui of none", ["ui"], "c2d-hub start"],
    ["logs of none", ["logs", "-f"], "c2d-hub start"],
    [
      "status behind a hub.json that is broken",
      ["status"],
      undefined,
      { env: { C2D_HOME: "home" }, files: { "home/hub.json": "{\u001b[31m" } },
    ],
    [
      "status behind a hub.json of another form",
      ["status"],
      undefined,
      { env: { C2D_HOME: "home" }, files: { "home/hub.json": "[]" } },
    ],
  ]),
  ...rows({ executable: "c2d-hub", code: 6, name: "StoreDamaged" }, [
    [
      "start over a store that is damaged",
      ["start", "--port", "0"],
      undefined,
      {
        env: { C2D_HOME: "home" },
        files: {
          "home/store/CURRENT": "MANIFEST-000001\n",
          "home/store/MANIFEST-000001": "\u001b[31mbroken",
        },
      },
    ],
  ]),
];
