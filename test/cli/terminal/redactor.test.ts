import { expect, test } from "vitest";
import { Redactor } from "../../../src/cli/terminal/redactor.ts";

const KEY = "c2VjcmV0LWtleS1vZi10aGUtdGVzdA==";

test.each([
  ["a connection string", `HostName=h;SharedAccessKeyName=service;SharedAccessKey=${KEY}`, KEY],
  ["a key with spaces around", `sharedaccesskey = ${KEY};x=1`, KEY],
  ["a token", "SharedAccessSignature sr=h&sig=c2lnbmF0dXJl%3D&se=1", "c2lnbmF0dXJl"],
  [
    "a token in a connection string",
    "SharedAccessSignature=SharedAccessSignature sr=h&sig=c2ln&se=1",
    "c2ln",
  ],
  ["a token in a URL", "https://h/?api=1&sig=c2lnbmF0dXJl", "c2lnbmF0dXJl"],
  ["the key of the page", `http://127.0.0.1:8880/?key=${"k".repeat(43)}`, "kkk"],
  [
    "a ticket of the page",
    `http://127.0.0.1:8880/?ticket=${"t".repeat(22)}.1.${"t".repeat(43)}`,
    "ttt",
  ],
  ["a password", "password=hunter2hunter2", "hunter2"],
  ["a password in a URL", "proxy http://me:pw@proxy:3128/ failed", "pw@"],
  ["a password without a user", "http://:pw@proxy", "pw@"],
  ["basic credentials", "Proxy-Authorization: Basic bWU6cHc=", "bWU6cHc="],
  ["a private key", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "MIIE"],
  ["a private key cut off", "-----BEGIN EC PRIVATE KEY-----\nMIIE", "MIIE"],
])("%s is redacted", (_title, text, secret) => {
  const safe = new Redactor().redact(text);
  expect(safe).not.toContain(secret);
  expect(safe).toContain("[secret]");
});

test("known secrets are redacted everywhere", () => {
  const redactor = new Redactor();
  redactor.learn(["swordfish", `HostName=h;SharedAccessKey=swordfish`]);
  expect(redactor.redact("bad key: swordfish!")).toBe("bad key: [secret]!");
});

test.each([
  'It looks like SharedAccessKeyName=<policy>;SharedAccessKey=<key>: portal, "Shared access policies".',
  "Endpoint=sb://<host>/;SharedAccessKey=<key>;EntityPath=<name>.",
  "SharedAccessSignature sr=<hub>&sig=<signature>&se=<expiry>",
  "SharedAccessKey=<key>",
  "http://<user>:<password>@proxy:3128",
])("a placeholder is not redacted: %s", (text) => {
  expect(new Redactor().redact(text)).toBe(text);
});

test.each([
  `SharedAccessKey=<${KEY}>`,
  `SharedAccessKey=<key>${KEY}`,
  "SharedAccessKey=<c2VjcmV0LWtleS1vZi10aGUtdGVzdA>",
  "SharedAccessKey=<secretkeyofthetestwithoutdigits>",
  "?sig=<signature>c2ln",
])("a secret in or after angle brackets is redacted: %s", (text) => {
  expect(new Redactor().redact(text)).toMatch(/=\[secret\]$/);
});

test("ordinary text is unchanged", () => {
  const text = "SharedAccessKeyName=service; message_0 to device1: sign=1";
  expect(new Redactor().redact(text)).toBe(text);
});
