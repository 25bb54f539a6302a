/** Bad input of `c2d-device telemetry`, and what the hub refuses. */

import { type BadInput, connectTimeout, rows } from "./row.ts";

const WRONG_KEY = "d3JvbmcgLSB3cm9uZyAtIHdyb25nISE=";
const CA = ["--ca", "%CA_FILE%"];
const local = (...args: readonly string[]) => ["telemetry", "--local", ...args];
const send = (...args: readonly string[]) => [
  ...["telemetry", "--connection-string", "%DEVICE%", ...CA],
  ...args,
];
const at = (host: string, id = "d") => [
  ...["telemetry", "--connect-timeout", connectTimeout(host), "--count", "1"],
  ...["--connection-string", `HostName=${host};DeviceId=${id};SharedAccessKey=${WRONG_KEY}`],
];

export const TELEMETRY_ROWS: readonly BadInput[] = [
  ...rows({ executable: "c2d-device", code: 2, name: "UsageError" }, [
    ["telemetry with a typo in an option", local("--listne"), "--listen"],
    ["telemetry with a positional argument", local("hello")],
    ["telemetry --count 0", local("--count", "0"), "1 or more"],
    ["telemetry --interval in words", local("--interval", "soon"), "seconds"],
    ["telemetry --message-timeout below 0", local("--message-timeout=-1"), "seconds"],
    ["telemetry --timeout empty", local("--timeout", ""), "seconds"],
    ["telemetry --keepalive over http", local("--keepalive", "5s", "--transport", "http"), "http"],
    ["telemetry --settle", local("--settle", "reject"), "--settle"],
    ["telemetry --ack", local("--ack", "full"), "--ack"],
    ["telemetry --expiry", local("--expiry", "90s"), "--expiry"],
    ["telemetry --data and --data-file-path", local("--data", "x", "--dfp", "f"), "--data"],
    ["telemetry --data-encoding alone", local("--data-encoding", "hex"), "--data"],
    ["telemetry --template alone", local("--template"), "--template"],
    ["telemetry of hex that is none", local("--data", "0g", "--data-encoding", "hex"), "hex"],
    ["telemetry of JSON that is none", local("--data", "{", "--ct", "application/json"), "JSON"],
    ["telemetry from a file that is not there", local("--dfp", "missing"), "ENOENT"],
    ["telemetry with a placeholder there is not", local("--mid", "{{nn}}"), "placeholder"],
    ["telemetry with a property without =", local("-p", "novalue"), "="],
    ["telemetry with a reserved property", local("-p", "$.mid=1"), "reserved"],
    ["telemetry with a property twice", local("-p", "a=1", "--props", "a=2"), "twice"],
    ["telemetry with an escape sequence as a property", local("-p", "\u001b]0;title\u0007")],
    ["telemetry with a service's string", ["telemetry", "--login", "x"], "--login"],
  ]),
  ...rows({ executable: "c2d-device", code: 3, name: "ConfigurationError" }, [
    ["telemetry with nothing configured", ["telemetry"], "--local"],
    ["telemetry over a transport there is not", local("--transport", "tcp"), "mqtt"],
  ]),
  ...(["mqtt", "amqp", "http"] as const).flatMap((transport) =>
    rows({ executable: "c2d-device", code: 4, name: "IotHubUnauthorized" }, [
      [
        `telemetry with a wrong key over ${transport}`,
        [...at("%HOST%", "device1"), ...CA, "--transport", transport],
      ],
      [
        `telemetry of a device there is not over ${transport}`,
        [...at("%HOST%", "nobody"), ...CA, "--transport", transport],
      ],
    ]),
  ),
  ...(["mqtt", "amqp", "http"] as const).flatMap((transport) => [
    ...rows({ executable: "c2d-device", code: 5, name: "ConnectionRefused" }, [
      [
        `telemetry to a dead port over ${transport}`,
        [...at("localhost:%DEAD_PORT%"), "--transport", transport],
        "%DEAD_PORT%",
      ],
    ]),
    ...rows({ executable: "c2d-device", code: 5, name: "ConnectTimeout" }, [
      [
        `telemetry to a port that never answers over ${transport}`,
        [...at("localhost:%SILENT_PORT%"), "--transport", transport],
        "%SILENT_PORT%",
      ],
    ]),
    ...rows({ executable: "c2d-device", code: 5, name: "UntrustedCertificate" }, [
      [
        `telemetry to a hub that is not trusted over ${transport}`,
        [...at("%HOST%"), "--transport", transport],
        "--ca",
      ],
    ]),
  ]),
  ...rows({ executable: "c2d-device", code: 6, name: "MessageTooLarge" }, [
    [
      "telemetry of more than 256 KB",
      send("--dfp", "big"),
      "256 KB",
      { files: { big: new Uint8Array(270_000) } },
    ],
    [
      "telemetry of a file nobody would read to its end",
      send("--dfp", "big"),
      undefined,
      { files: { big: new Uint8Array(1_100_000) } },
    ],
    [
      "telemetry with properties longer than MQTT can carry",
      send("-p", `a=${"x".repeat(70_000)}`),
      "amqp",
    ],
  ]),
  ...rows({ executable: "c2d-device", code: 6, name: "ArgumentInvalid" }, [
    ["telemetry with a message id too long", send("--mid", "x".repeat(129)), "128"],
  ]),
  ...rows({ executable: "c2d-device", code: 124, name: "Timeout" }, [
    [
      "telemetry without a connection in time",
      [
        ...["telemetry", "-c", "1", "--timeout", "300ms", "--connection-string"],
        `HostName=localhost:%SILENT_PORT%;DeviceId=d;SharedAccessKey=${WRONG_KEY}`,
      ],
      "--timeout",
    ],
    [
      "telemetry not done in time",
      send("-c", "2", "--interval", "1h", "--timeout", "2s"),
      "--timeout",
    ],
  ]),
];
