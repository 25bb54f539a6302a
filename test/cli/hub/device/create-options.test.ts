import { describe, expect, test } from "vitest";
import { toDeviceRequest } from "../../../../src/cli/hub/device/create-options.ts";
import type { CreateFlags } from "../../../../src/cli/hub/registry/device-flags.ts";
import { UsageError } from "../../../../src/cli/terminal/usage-error.ts";

const COMMON = { output: "text", color: true, connectTimeout: 1000 } as const;
const KEY = Buffer.alloc(32, 7).toString("base64");
const OTHER_KEY = Buffer.alloc(64, 8).toString("base64");
const SHA1 = "0123456789ABCDEF0123456789ABCDEF01234567";

const request = (flags: Partial<CreateFlags>) => toDeviceRequest({ ...COMMON, ...flags });

test("without flags the hub generates the keys", () => {
  expect(request({})).toEqual({
    authentication: { type: "sas", primaryKey: "", secondaryKey: "" },
  });
});

test("two custom keys are sent unchanged", () => {
  expect(request({ primaryKey: KEY, secondaryKey: OTHER_KEY }).authentication).toEqual({
    type: "sas",
    primaryKey: KEY,
    secondaryKey: OTHER_KEY,
  });
});

test.each(["primaryKey", "secondaryKey"] as const)(
  "%s alone gets a generated second key",
  (name) => {
    const made = [request({ [name]: KEY }), request({ [name]: KEY })].map(({ authentication }) => {
      if (authentication?.type !== "sas") throw new Error("no keys");
      expect(authentication[name]).toBe(KEY);
      return authentication[name === "primaryKey" ? "secondaryKey" : "primaryKey"];
    });
    expect(made[0]).toMatch(/^[\w+/]{43}=$/);
    expect(made[0]).not.toBe(made[1]);
  },
);

test("openssl's colons are removed from a thumbprint", () => {
  const colons = SHA1.match(/../g)?.join(":") ?? "";
  expect(
    request({ authMethod: "x509_thumbprint", primaryThumbprint: colons }).authentication,
  ).toEqual({ type: "selfSigned", primaryThumbprint: SHA1 });
});

test("status and IoT Edge are requested when given", () => {
  expect(request({ status: "disabled", edgeEnabled: true, authMethod: "x509_ca" })).toEqual({
    status: "disabled",
    isIotEdge: true,
    authentication: { type: "certificateAuthority" },
  });
});

describe("an error is reported for", () => {
  test.each<[string, Partial<CreateFlags>, string]>([
    ["a thumbprint with keys", { primaryThumbprint: SHA1 }, "cannot be used with"],
    [
      "a key with a thumbprint",
      { authMethod: "x509_thumbprint", primaryKey: KEY },
      "cannot be used with",
    ],
    ["a key with x509_ca", { authMethod: "x509_ca", secondaryKey: KEY }, "cannot be used with"],
    [
      "a thumbprint with x509_ca",
      { authMethod: "x509_ca", secondaryThumbprint: SHA1 },
      "cannot be used with",
    ],
    ["no thumbprint", { authMethod: "x509_thumbprint" }, "requires --primary-thumbprint"],
    [
      "a second thumbprint alone",
      { authMethod: "x509_thumbprint", secondaryThumbprint: SHA1 },
      "requires --primary-thumbprint",
    ],
    [
      "an invalid thumbprint",
      { authMethod: "x509_thumbprint", primaryThumbprint: "zz" },
      "--primary-thumbprint is not valid",
    ],
    ["an empty key", { primaryKey: "" }, "--primary-key is not valid"],
    ["a short key", { primaryKey: "c2hvcnQ=" }, "--primary-key is not valid"],
    ["a key that is no base64", { secondaryKey: "hidden!!hidden!!hidden!!" }, "--secondary-key"],
  ])("%s", (_what, flags, says) => {
    const act = () => request(flags);
    expect(act).toThrow(UsageError);
    expect(act).toThrow(says);
    expect(act).not.toThrow("hidden!!");
  });
});
