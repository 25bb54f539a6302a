import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatSasToken, isSignedWith, parseSasToken } from "../../src/core/sas-token.ts";
import {
  doNotEscape,
  escapeAllButSlash,
  escapeInLowerCase,
  signToken,
  type TokenForm,
} from "../support/sign-token.ts";

/** Its signatures below contain `+`, `/` and `=`. */
const KEY = Buffer.from("0123456789abcdef0123456789abcdef").toString("base64");
const OTHER_KEY = Buffer.from("another key of thirty-two bytes!").toString("base64");
const EXPIRY = 1_900_000_000;

const base: TokenForm = { sr: "hub.example%2Fdevices%2Fd1", key: KEY, se: EXPIRY };

// Rules sas-signature, sas-key-text.
describe("a signature", () => {
  it.each<[string, Partial<TokenForm>]>([
    ["sr, sig, se (Node device)", { order: ["sr", "sig", "se"] }],
    ["sr, sig, skn, se (Node service)", { order: ["sr", "sig", "skn", "se"], skn: "service" }],
    ["se, skn, sig, sr", { order: ["se", "skn", "sig", "sr"], skn: "service" }],
    ["sig in lower-case hex (uamqp)", { escape: escapeInLowerCase }],
    ["sig with / not escaped (Python)", { escape: escapeAllButSlash }],
    ["sig not escaped at all", { escape: doNotEscape }],
    ["sr not encoded, with port (Node service)", { sr: "localhost:15671" }],
    ["sr raw (C service)", { sr: "hub.example" }],
    ["sr of Event Hubs", { sr: "sb%3A%2F%2Fhub.example%2Fmessages", keyForm: "text" }],
    ["the text of the key as key (Event Hubs)", { keyForm: "text" }],
    ["skn percent-encoded", { skn: "my%20policy" }],
  ])("is verified with %s", (_form, form) => {
    const token = parseSasToken(signToken({ ...base, ...form }));
    expect(isSignedWith(token, KEY)).toBe(true);
    expect(isSignedWith(token, OTHER_KEY)).toBe(false);
    expect(token.expirySeconds).toBe(EXPIRY);
    expect(token.rawResource).toBe(form.sr ?? base.sr);
  });

  it("is valid for sr exactly as written, not for an equivalent encoding", () => {
    const swapped = signToken(base).replace("%2Fdevices%2F", "%2fdevices%2f");
    expect(isSignedWith(parseSasToken(swapped), KEY)).toBe(false);
  });

  it("is not valid for another expiry", () => {
    const later = signToken(base).replace(`se=${EXPIRY}`, `se=${EXPIRY + 1}`);
    expect(isSignedWith(parseSasToken(later), KEY)).toBe(false);
  });

  it("is never valid for an empty key", () => {
    for (const empty of ["", "!", "===="]) {
      const forged = parseSasToken(signToken({ ...base, key: "" }));
      expect(isSignedWith(forged, empty)).toBe(false);
    }
  });

  it("of arbitrary bytes is invalid, without an error", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (sig) => {
        const text = `SharedAccessSignature sr=a&sig=${sig.replaceAll("&", "")}x&se=1`;
        expect(isSignedWith(parseSasToken(text), KEY)).toBe(false);
      }),
    );
  });
});

describe("formatSasToken", () => {
  it("creates the same tokens as other clients, which can be parsed again", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.uint8Array({ minLength: 16, maxLength: 64 }),
        fc.nat(4_000_000_000),
        fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
        (resource, bytes, expirySeconds, policyName) => {
          const key = Buffer.from(bytes).toString("base64");
          const text = formatSasToken({
            resource,
            key,
            expirySeconds,
            ...(policyName !== undefined && { policyName }),
          });
          const skn = policyName === undefined ? undefined : encodeURIComponent(policyName);
          expect(text).toBe(
            signToken({
              sr: encodeURIComponent(resource),
              key,
              se: expirySeconds,
              ...(skn !== undefined && { skn }),
            }),
          );
          const token = parseSasToken(text);
          expect(isSignedWith(token, key)).toBe(true);
          expect(token.policyName).toBe(policyName);
        },
      ),
    );
  });
});

describe("a text that is not a token", () => {
  it.each([
    "",
    "password",
    "SharedAccessSignature",
    "SharedAccessSignature ",
    "sharedaccesssignature sr=a&sig=b&se=1",
    "SharedAccessSignature sig=b&se=1",
    "SharedAccessSignature sr=a&se=1",
    "SharedAccessSignature sr=a&sig=b",
    "SharedAccessSignature sr=a&sig=b&se=",
    "SharedAccessSignature sr=a&sig=b&se=-1",
    "SharedAccessSignature sr=a&sig=b&se=1e9",
    "SharedAccessSignature sr=a&sig=b&se=soon",
    "SharedAccessSignature =a&=b&=1",
    "Bearer abc",
  ])("is IotHubUnauthorized: %o", (text) => {
    expect(() => parseSasToken(text)).toThrowError(
      expect.objectContaining({ name: "IotHubUnauthorized" }),
    );
  });

  it("never appears in the error", () => {
    const secret = "c2VjcmV0LXNpZ25hdHVyZQ";
    for (const text of [secret, `SharedAccessSignature sr=a&sig=${secret}`]) {
      expect(() => parseSasToken(text)).toThrowError(
        expect.objectContaining({ message: expect.not.stringContaining(secret) }),
      );
    }
  });
});
