import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
} from "@peculiar/x509";
import { beforeAll, describe, expect, test } from "vitest";
import { DeviceAuthorities } from "../../../src/hub/model/device-authorities.ts";
import {
  type CertificateFields,
  createAuthority,
  crossSigned,
  issuedBy,
  type KeyedCertificate,
  selfSigned,
} from "../../support/device-certificate.ts";

const HOUR_MS = 60 * 60 * 1000;
const AUTHORITY: CertificateFields = { isAuthority: true };

let root: KeyedCertificate;

beforeAll(async () => {
  root = await createAuthority();
});

function der(...certificates: readonly KeyedCertificate[]): Uint8Array[] {
  return certificates.map(({ cert }) => new X509Certificate(cert).raw);
}

function lets(
  chain: readonly KeyedCertificate[],
  { by = [root], nowMs = Date.now() } = {},
): boolean {
  return new DeviceAuthorities(by.map(({ cert }) => cert)).haveIssued(der(...chain), nowMs);
}

/** The root, so many authorities below it, and a device: the device first. */
async function lineOf(length: number): Promise<KeyedCertificate[]> {
  const line: KeyedCertificate[] = [];
  for (let n = 0; n < length; n += 1) {
    line.unshift(await issuedBy(line[0] ?? root, `authority ${n}`, AUTHORITY));
  }
  return [await issuedBy(line[0] ?? root, "device"), ...line];
}

// Rule x509-sign-in.
describe("a chain that leads to an authority lets in", () => {
  test("of the device alone", async () => {
    expect(lets([await issuedBy(root, "device")])).toBe(true);
  });

  test.each([1, 3, 10])("through %i intermediates, sent in any order", async (length) => {
    const [device, ...line] = (await lineOf(length)) as [KeyedCertificate];
    expect(lets([device, ...line])).toBe(true);
    expect(lets([device, ...line.reverse()])).toBe(true);
  });

  test("with the authority itself at its end, or strangers in between", async () => {
    const [device, intermediate] = (await lineOf(1)) as [KeyedCertificate, KeyedCertificate];
    expect(lets([device, await selfSigned("stranger"), intermediate, root])).toBe(true);
  });

  test("to an intermediate that is the authority", async () => {
    const [device, intermediate] = (await lineOf(1)) as [KeyedCertificate, KeyedCertificate];
    expect(lets([device], { by: [intermediate] })).toBe(true);
  });

  test("to one of several authorities, or of several in one file", async () => {
    const device = await issuedBy(root, "device");
    const other = await createAuthority();
    expect(lets([device], { by: [other, root] })).toBe(true);
    const file = { cert: `${other.cert}\n${root.cert}\n`, key: "" };
    expect(lets([device], { by: [file] })).toBe(true);
  });

  test("to another of the same name first looked at", async () => {
    const impostor = await createAuthority();
    expect(lets([await issuedBy(root, "device")], { by: [impostor, root] })).toBe(true);
  });

  test("whose certificates say that they are for clients", async () => {
    const extensions = [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth], true)];
    expect(lets([await issuedBy(root, "device", { extensions })])).toBe(true);
  });
});

describe("a chain does not let in", () => {
  test.each<[string, () => Promise<readonly KeyedCertificate[]>]>([
    ["that is empty", async () => []],
    [
      "of another authority of the same name",
      async () => [await issuedBy(await createAuthority(), "device")],
    ],
    [
      "of another authority that comes with it",
      async () => {
        const other = await createAuthority("other");
        return [await issuedBy(other, "device"), other];
      },
    ],
    [
      "of a device that signs itself, beside the authority",
      async () => [await selfSigned("device"), root],
    ],
    [
      "of a device that signs itself in the authority's name",
      async () => [await selfSigned("test authority")],
    ],
    ["that lacks an intermediate", async () => (await lineOf(2)).toSpliced(1, 1)],
    [
      "whose intermediate is no authority",
      async () => {
        const device = await issuedBy(root, "device");
        return [await issuedBy(device, "device of a device"), device];
      },
    ],
    [
      "with an intermediate that has the right name and another key",
      async () => {
        const named = await issuedBy(root, "intermediate", AUTHORITY);
        const impostor = await issuedBy(await createAuthority(), "intermediate", AUTHORITY);
        return [await issuedBy(impostor, "device"), named];
      },
    ],
    [
      "with an expired intermediate",
      async () => {
        const fields = { ...AUTHORITY, notAfterMs: Date.now() - 1000 };
        const expired = await issuedBy(root, "intermediate", fields);
        return [await issuedBy(expired, "device"), expired];
      },
    ],
    [
      "of a device whose time has not come",
      async () => [await issuedBy(root, "device", { notBeforeMs: Date.now() + HOUR_MS / 2 })],
    ],
    [
      "of a device whose time is over",
      async () => [await issuedBy(root, "device", { notAfterMs: Date.now() - 1000 })],
    ],
    [
      "below an intermediate that may have none below",
      async () => {
        const last = await issuedBy(root, "last", { ...AUTHORITY, pathLength: 0 });
        const beyond = await issuedBy(last, "beyond", AUTHORITY);
        return [await issuedBy(beyond, "device"), beyond, last];
      },
    ],
    [
      "through an authority whose key is not for certificates",
      async () => {
        const extensions = [new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true)];
        const other = await issuedBy(root, "other", { ...AUTHORITY, extensions });
        return [await issuedBy(other, "device"), other];
      },
    ],
    [
      "of a certificate for servers",
      async () => {
        const extensions = [new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth])];
        return [await issuedBy(root, "device", { extensions })];
      },
    ],
    [
      "with a critical extension that is not understood",
      async () => {
        const extensions = [new Extension("1.2.3.4", true, new Uint8Array([5, 0]))];
        return [await issuedBy(root, "device", { extensions })];
      },
    ],
  ])("%s", async (_what, make) => {
    expect(lets(await make())).toBe(false);
  });

  test("to an authority whose time is over, or that is none", async () => {
    const old = await createAuthority("old", { notAfterMs: Date.now() - 1000 });
    expect(lets([await issuedBy(old, "device")], { by: [old] })).toBe(false);
    const device = await issuedBy(root, "device");
    expect(lets([await issuedBy(device, "other")], { by: [device] })).toBe(false);
  });

  test("once its time is over", async () => {
    const chain = [await issuedBy(root, "device", { notAfterMs: Date.now() + HOUR_MS })];
    expect(lets(chain)).toBe(true);
    expect(lets(chain, { nowMs: Date.now() + HOUR_MS + 1000 })).toBe(false);
  });

  test("with no authority at all", async () => {
    expect(lets([await issuedBy(root, "device"), root], { by: [] })).toBe(false);
  });

  test("through more than ten intermediates", async () => {
    expect(lets(await lineOf(11))).toBe(false);
  });

  test("that goes round in a circle", async () => {
    const [one, two] = [await createAuthority("one"), await createAuthority("two")];
    const circle = [await crossSigned(one, two), await crossSigned(two, one)];
    expect(lets([await issuedBy(one, "device"), ...circle, one, two])).toBe(false);
    // The way out of it is found.
    const out = await crossSigned(two, root);
    expect(lets([await issuedBy(one, "device"), ...circle, out])).toBe(true);
  });

  test("of bytes that are no certificate", async () => {
    const authorities = new DeviceAuthorities([root.cert]);
    expect(authorities.haveIssued([Buffer.from("junk")], Date.now())).toBe(false);
    const [device, intermediate] = (await lineOf(1)) as [KeyedCertificate, KeyedCertificate];
    const [own, other] = der(device, intermediate) as [Uint8Array, Uint8Array];
    const chain = [own, Buffer.from("junk"), other];
    expect(authorities.haveIssued(chain, Date.now())).toBe(true);
  });
});

test("an authority that is no certificate is an error at once", () => {
  expect(() => new DeviceAuthorities(["junk"])).toThrow();
});
