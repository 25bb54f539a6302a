import { expect, test } from "vitest";
import { proxySecrets } from "../../src/config/proxy-secrets.ts";

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

test.each(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY"])(
  "the password in %s is a secret as written, decoded, encoded and as it is sent",
  (variable) => {
    const secrets = proxySecrets({ [variable]: "http://m%40e:p%40ss:w%2ford@proxy:3128" });
    expect(secrets).toEqual(
      expect.arrayContaining([
        "p%40ss:w%2ford",
        "p@ss:w/ord",
        "p%40ss%3Aw%2Ford",
        base64("m@e:p@ss:w/ord"),
      ]),
    );
  },
);

test.each([
  ["without a scheme", "me:password@proxy:3128", "password"],
  ["not encoded", "http://me:pass@/word@proxy:3128", "pass@/word"],
  ["wrongly encoded", "http://me:pass%word@proxy:3128", "pass%word"],
  ["of a scheme that is not supported", "socks5://me:password@proxy:1080", "password"],
  ["alone", "http://token-alone@proxy:3128", "token-alone"],
])("a password %s is a secret", (_, value, password) => {
  expect(proxySecrets({ HTTPS_PROXY: value })).toContain(password);
});

test("an address without a password has no secret", () => {
  expect(proxySecrets({ HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "a@b" })).toEqual([]);
});
