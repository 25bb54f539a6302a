/** Invalid command lines: exit code 2. */

import { type BadInput, rows } from "./row.ts";

const USAGE = { code: 2, name: "UsageError" } as const;
const KEY = "c2VjcmV0LWtleS1vZi10aGUtdGVzdA==";
const HUB = `HostName=h.invalid;SharedAccessKeyName=service;SharedAccessKey=${KEY}`;
const TOKEN =
  "SharedAccessSignature sr=h.invalid%2Fdevices%2Fd&sig=c2lnbmF0dXJlLW9mLXRlc3Q%3D&se=4102444800";

const send = (...args: readonly string[]) => ["--local", ...args];
const listen = (...args: readonly string[]) => ["listen", "--local", ...args];

export const USAGE_ROWS: readonly BadInput[] = [
  ...rows({ executable: "c2d-send", ...USAGE }, [
    ["a typo in an option", send("--cuont", "2"), "--count"],
    ["a typo in a long option", send("--on-queue-ful", "fail"), "--on-queue-full"],
    ["an option of another command", send("--settle", "complete"), "--settle"],
    ["a positional argument", send("hello")],
    ["an option without its value", send("--data")],
    ["-o xml", ["--local", "-o", "xml"], /text.*json/, { isTextOnly: true }],
    ["--quiet and --verbose", send("-q", "-v"), "cannot be combined"],
    ["--count 0", send("--count", "0"), "1 or more"],
    ["--count -1", send("--count=-1"), "1 or more"],
    ["--count 1.5", send("--count", "1.5"), "1 or more"],
    ["--count 1e3", send("--count", "1e3"), "1 or more"],
    ["--count beyond all numbers", send("--count", "9".repeat(30)), "1 or more"],
    ["--interval in words", send("--interval", "soon"), "seconds"],
    ["--interval below 0", send("--interval=-1s"), "seconds"],
    ["--timeout of two units", send("--timeout", "1h30"), "seconds"],
    ["--timeout of unknown unit", send("--timeout", "5y"), "seconds"],
    ["--timeout empty", send("--timeout", ""), "seconds"],
    ["--timeout of a month, whose length varies", send("--timeout", "P1M"), "seconds"],
    ["--connect-timeout 0", send("--connect-timeout", "0"), "greater than 0"],
    ["--expiry in the past, ISO", send("--expiry", "2001-01-01T00:00:00Z"), "past"],
    ["--expiry in the past, epoch", send("--expiry", "978307200000"), "past"],
    ["--expiry in words", send("--expiry", "tomorrow"), "not a time"],
    ["--expiry of a date there is not", send("--expiry", "2030-13-45"), "not a time"],
    ["--expiry of no length", send("--expiry", "0s"), "greater than 0"],
    ["--expiry beyond all dates", send("--expiry", "99999999d"), "too far"],
    ["--property without =", send("-p", "novalue"), "="],
    ["--property without name", send("-p", "=value"), "empty"],
    ["--property iothub-ack", send("-p", "iothub-ack=full"), "reserved"],
    ["--property $.mid", send("-p", "$.mid=1"), "reserved"],
    ["--property dt-subject", send("-p", "dt-subject=s"), "reserved"],
    ["--property twice", send("-p", "a=1", "-p", "a=2"), "twice"],
    ["--properties with a part without =", send("--props", "a=b;c"), "="],
    ["--properties and --property of one name", send("--props", "a=b", "-p", "a=c"), "twice"],
    ["--data and --data-file-path", send("--data", "x", "--dfp", "body"), "--data-file-path"],
    ["--data-encoding without --data", send("--data-encoding", "hex"), "--data-encoding"],
    ["--data-encoding rot13", send("--data", "x", "--data-encoding", "rot13"), "hex"],
    ["hex with other letters", send("--data", "0g", "--data-encoding", "hex"), "hex"],
    ["hex of odd length", send("--data", "abc", "--data-encoding", "hex"), "hex"],
    ["base64 cut short", send("--data", "AAAAA", "--data-encoding", "base64"), "base64"],
    ["base64 with other letters", send("--data", "A*==", "--data-encoding", "base64"), "base64"],
    ["JSON that is none", send("--data", "{", "--ct", "application/json"), "not JSON"],
    [
      "JSON on a stdin that is empty",
      send("--data", "-", "--ct", "application/json"),
      "not JSON",
      { stdin: "" },
    ],
    [
      "JSON that quotes escape sequences",
      send("--data", '{"a":\u001b]0;t\u0007}', "--ct", "application/json"),
      "not JSON",
    ],
    ["--template without --data", send("--template"), "--template"],
    ["a placeholder there is not", send("--template", "--data", "{{nn}}"), "placeholder"],
    ["a placeholder there is not, in an id", send("--mid", "{{nn}}"), "placeholder"],
    ["text as utf-16", send("--data", "x", "--ce", "UTF-16"), "--data-file-path"],
    ["the default body as utf-32le", send("--ce", "utf-32le"), "UTF-8"],
    ["--ack some", send("--ack", "some"), "full"],
    ["--wait for feedback not asked for", send("--wait", "--ack", "none"), "--ack"],
    ["--wait without a message id", send("--wait", "--mid", ""), "message id"],
    ["--on-queue-full maybe", send("--on-queue-full", "maybe"), "fail"],
    ["a body file that is not there", send("--dfp", "missing"), "ENOENT"],
    ["a body file that is a directory", send("--dfp", "dir"), "EISDIR", { files: dir() }],
    ["a device file that is not there", send("--device-file", "missing"), "ENOENT"],
    [
      "a device file without a device",
      send("--device-file", "none"),
      "no device",
      { files: { none: "\n\n" } },
    ],
    ["--from without a device", send("--from", "-"), "-d"],
    ["--from with a body", send("--from", "-", "-d", "a", "--data", "x"), "--data"],
    ["--from with --count", send("--from", "-", "-d", "a", "-c", "2"), "--count"],
    [
      "--from a file that is not there",
      send("--dry-run", "--from", "missing", "-d", "a"),
      "ENOENT",
    ],
    from("a line that is no JSON", '{"type":"mess', "no message"),
    from("a line that is no object", "[1]", "no message"),
    from("a line with an escape sequence", "\u001b[2J\u009b2J", "no message"),
    from("a line without a body", '{"type":"message"}', "no message"),
    from(
      "a body that is not in its encoding",
      '{"type":"message","body":1,"bodyEncoding":"utf8"}',
      "no message",
    ),
    from(
      "properties that are a list",
      '{"type":"message","body":"","bodyEncoding":"utf8","properties":[]}',
      "no message",
    ),
    from(
      "a property that is a number",
      '{"type":"message","body":"","bodyEncoding":"utf8","properties":{"\\u001b[1m":1}}',
      "no message",
    ),
    from(
      "an expiry that is no time",
      '{"type":"message","body":"","bodyEncoding":"utf8","expiryTimeUtc":"x"}',
      "no message",
    ),
    from(
      "an ack that is none of the four",
      '{"type":"message","body":"","bodyEncoding":"utf8","ack":"some"}',
      "no message",
    ),
    from(
      "back to where a line came from",
      '{"type":"message","deviceId":"a","body":"","bodyEncoding":"utf8"}',
      "came from a",
    ),
    from("a line that is longer than any message", "x".repeat(5_000_000), "no message"),
    ["a secret on a mistyped option", [`--lgoin=${HUB}`]],
    ["a secret as a count", send("--count", HUB)],
    ["a secret as a duration", send("--timeout", HUB)],
    ["a secret as a file of lines", send("--from", HUB, "-d", "a", "--dry-run")],
    ["a token for a service", ["--sas-token", TOKEN], "--sas-token"],
    ["a secret as a file", send("--dfp", HUB)],
    ["a secret as a device file", send("--device-file", HUB)],
    ["an escape sequence as an option", send("--\u001b[31mred")],
    ["an escape sequence of one byte as an option", send("--\u009b31mred")],
    ["an escape sequence as a count", send("--count", "\u001b[31m1")],
    ["an escape sequence as a property", send("-p", "\u001b]0;title\u0007")],
    ["an overridden direction as a property", send("-p", "\u202egnp.exe")],
    ["an escape sequence in an expiry", send("--expiry", "\u001b[2J")],
  ]),
  ...rows({ executable: "c2d-device", ...USAGE }, [
    ["no command", [], "listen", { isTextOnly: true }],
    ["a typo in a command", ["lisen"], "listen"],
    ["listen with a positional argument", ["listen", "extra"]],
    ["listen --count 0", listen("--count", "0"), "1 or more"],
    ["listen --count without a value", listen("--count")],
    ["listen --timeout soon", listen("--timeout", "soon"), "seconds"],
    ["listen --idle-timeout -1", listen("--idle-timeout=-1"), "seconds"],
    ["listen --keepalive 0", listen("--keepalive", "0"), "greater than 0"],
    ["listen --keepalive of a week", listen("--keepalive", "7d"), "--keepalive"],
    ["listen --settle reject on mqtt", listen("--settle", "reject"), /mqtt/i],
    ["listen --settle abandon on mqtt", listen("--settle", "abandon"), /mqtt/i],
    ["listen --settle perhaps", listen("--settle", "perhaps"), "complete"],
    ["listen to a file in no directory", listen("--output-file", "no/such/file"), "ENOENT"],
    ["listen to a directory", listen("--output-file", "dir"), "EISDIR", { files: dir() }],
    ["listen with a ready file in no directory", listen("--ready-file", "no/such/file"), "ENOENT"],
    [
      "listen with a ready file that is a directory",
      listen("--ready-file", "dir"),
      "dir",
      { files: dir() },
    ],
    ["listen with the service's string on its flag", ["listen", "--login", HUB], "--login"],
    ["listen with an escape sequence as a file", listen("--output-file", "no/\u001b[31m\u0007")],
  ]),
  ...rows({ executable: "c2d-hub", ...USAGE }, [
    ["no command", [], "start", { isTextOnly: true }],
    ["a typo in a command", ["strat"], "start"],
    ["start --port 70000", ["start", "--port", "70000"], "65535"],
    ["start --port http", ["start", "--port", "http"], "65535"],
    ["start --queue-depth 0", ["start", "--port", "0", "--queue-depth", "0"], "1 or more"],
    ["start --lock-timeout 0", ["start", "--port", "0", "--lock-timeout", "0"], "from 1 ms"],
    [
      "start --default-ttl forever",
      ["start", "--port", "0", "--default-ttl", "forever"],
      "seconds",
    ],
    ["start --idle-exit never", ["start", "--port", "0", "--idle-exit", "never"], "seconds"],
    ["start with a device id that is none", ["start", "--port", "0", "--device", "a/b\u001b[31m"]],
    ["start under a name that is none", ["start", "--port", "0", "--host-name", "\u001b[31m name"]],
    ["env in two forms", ["env", "-o", "json", "--format", "sh"], "--format"],
    ["env --format xml", ["env", "--format", "xml"], "dotenv"],
  ]),
];

function from(what: string, line: string, says: string) {
  return [
    `--from: ${what}`,
    send("--dry-run", "--from", "-", "-d", "a"),
    says,
    { stdin: `${line}\n` },
  ] as const;
}

function dir() {
  return { dir: undefined };
}
