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

function isTrusted(
  chain: readonly KeyedCertificate[],
  { authorities = [root], nowMs = Date.now() } = {},
): boolean {
  return new DeviceAuthorities(authorities.map(({ cert }) => cert)).haveIssued(
    der(...chain),
    nowMs,
  );
}

/** A device and this many intermediates below the root, the device first. */
async function chainOf(length: number): Promise<KeyedCertificate[]> {
  const chain: KeyedCertificate[] = [];
  for (let n = 0; n < length; n += 1) {
    chain.unshift(await issuedBy(chain[0] ?? root, `authority ${n}`, AUTHORITY));
  }
  return [await issuedBy(chain[0] ?? root, "device"), ...chain];
}

// Rule x509-sign-in.
describe("a certificate chain is trusted", () => {
  test("of the device certificate alone", async () => {
    expect(isTrusted([await issuedBy(root, "device")])).toBe(true);
  });

  test.each([1, 3, 10])("through %i intermediates, sent in any order", async (length) => {
    const [device, ...chain] = (await chainOf(length)) as [KeyedCertificate];
    expect(isTrusted([device, ...chain])).toBe(true);
    expect(isTrusted([device, ...chain.reverse()])).toBe(true);
  });

  test("with the authority itself at its end, or unrelated certificates in between", async () => {
    const [device, intermediate] = (await chainOf(1)) as [KeyedCertificate, KeyedCertificate];
    expect(isTrusted([device, await selfSigned("stranger"), intermediate, root])).toBe(true);
  });

  test("up to an intermediate that is the authority", async () => {
    const [device, intermediate] = (await chainOf(1)) as [KeyedCertificate, KeyedCertificate];
    expect(isTrusted([device], { authorities: [intermediate] })).toBe(true);
  });

  test("up to one of several authorities, also in one file", async () => {
    const device = await issuedBy(root, "device");
    const other = await createAuthority();
    expect(isTrusted([device], { authorities: [other, root] })).toBe(true);
    const file = { cert: `${other.cert}\n${root.cert}\n`, key: "" };
    expect(isTrusted([device], { authorities: [file] })).toBe(true);
  });

  test("even if an earlier authority has the same name", async () => {
    const impostor = await createAuthority();
    expect(isTrusted([await issuedBy(root, "device")], { authorities: [impostor, root] })).toBe(
      true,
    );
  });

  test("with the extended key usage of clients", async () => {
    const extensions = [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth], true)];
    expect(isTrusted([await issuedBy(root, "device", { extensions })])).toBe(true);
  });
});

describe("a certificate chain is not trusted", () => {
  test.each<[string, () => Promise<readonly KeyedCertificate[]>]>([
    ["if it is empty", async () => []],
    [
      "of another authority of the same name",
      async () => [await issuedBy(await createAuthority(), "device")],
    ],
    [
      "of another authority that is sent with it",
      async () => {
        const other = await createAuthority("other");
        return [await issuedBy(other, "device"), other];
      },
    ],
    [
      "of a self-signed certificate next to the authority",
      async () => [await selfSigned("device"), root],
    ],
    [
      "of a self-signed certificate in the authority's name",
      async () => [await selfSigned("test authority")],
    ],
    ["that lacks an intermediate", async () => (await chainOf(2)).toSpliced(1, 1)],
    [
      "whose intermediate is not an authority",
      async () => {
        const device = await issuedBy(root, "device");
        return [await issuedBy(device, "device of a device"), device];
      },
    ],
    [
      "with an intermediate of the right name but another key",
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
      "of a device certificate that is not yet valid",
      async () => [await issuedBy(root, "device", { notBeforeMs: Date.now() + HOUR_MS / 2 })],
    ],
    [
      "of an expired device certificate",
      async () => [await issuedBy(root, "device", { notAfterMs: Date.now() - 1000 })],
    ],
    [
      "below an intermediate with path length 0",
      async () => {
        const last = await issuedBy(root, "last", { ...AUTHORITY, pathLength: 0 });
        const beyond = await issuedBy(last, "beyond", AUTHORITY);
        return [await issuedBy(beyond, "device"), beyond, last];
      },
    ],
    [
      "through an authority whose key may not sign certificates",
      async () => {
        const extensions = [new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true)];
        const other = await issuedBy(root, "other", { ...AUTHORITY, extensions });
        return [await issuedBy(other, "device"), other];
      },
    ],
    [
      "of a server certificate",
      async () => {
        const extensions = [new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth])];
        return [await issuedBy(root, "device", { extensions })];
      },
    ],
    [
      "with an unknown critical extension",
      async () => {
        const extensions = [new Extension("1.2.3.4", true, new Uint8Array([5, 0]))];
        return [await issuedBy(root, "device", { extensions })];
      },
    ],
  ])("%s", async (_what, make) => {
    expect(isTrusted(await make())).toBe(false);
  });

  test("up to an expired authority, or to a certificate that is not an authority", async () => {
    const old = await createAuthority("old", { notAfterMs: Date.now() - 1000 });
    expect(isTrusted([await issuedBy(old, "device")], { authorities: [old] })).toBe(false);
    const device = await issuedBy(root, "device");
    expect(isTrusted([await issuedBy(device, "other")], { authorities: [device] })).toBe(false);
  });

  test("once it has expired", async () => {
    const chain = [await issuedBy(root, "device", { notAfterMs: Date.now() + HOUR_MS })];
    expect(isTrusted(chain)).toBe(true);
    expect(isTrusted(chain, { nowMs: Date.now() + HOUR_MS + 1000 })).toBe(false);
  });

  test("without any authority", async () => {
    expect(isTrusted([await issuedBy(root, "device"), root], { authorities: [] })).toBe(false);
  });

  test("through more than ten intermediates", async () => {
    expect(isTrusted(await chainOf(11))).toBe(false);
  });

  test("that is circular", async () => {
    const [one, two] = [await createAuthority("one"), await createAuthority("two")];
    const circle = [await crossSigned(one, two), await crossSigned(two, one)];
    expect(isTrusted([await issuedBy(one, "device"), ...circle, one, two])).toBe(false);
    // A path out of the circle is found.
    const out = await crossSigned(two, root);
    expect(isTrusted([await issuedBy(one, "device"), ...circle, out])).toBe(true);
  });

  test("of bytes that are not a certificate, which are otherwise ignored", async () => {
    const authorities = new DeviceAuthorities([root.cert]);
    expect(authorities.haveIssued([Buffer.from("junk")], Date.now())).toBe(false);
    const [device, intermediate] = (await chainOf(1)) as [KeyedCertificate, KeyedCertificate];
    const [own, other] = der(device, intermediate) as [Uint8Array, Uint8Array];
    const chain = [own, Buffer.from("junk"), other];
    expect(authorities.haveIssued(chain, Date.now())).toBe(true);
  });
});

test("an authority that is not a certificate is an error", () => {
  expect(() => new DeviceAuthorities(["junk"])).toThrow();
});
