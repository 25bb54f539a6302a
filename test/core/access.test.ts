import { describe, expect, it } from "vitest";
import {
  type AccessContext,
  authenticateToken,
  authorize,
  authorizeDevice,
} from "../../src/core/access.ts";
import {
  DEFAULT_POLICIES,
  type DeviceIdentity,
  type Permission,
} from "../../src/core/device-identity.ts";
import { signToken, type TokenForm } from "../support/sign-token.ts";

const NOW_SECONDS = 1_800_000_000;
const EXPIRY = NOW_SECONDS + 60;
const HOST_NAMES = ["hub.example", "localhost"];

const keyOf = (seed: string): string => Buffer.from(seed.padEnd(32, ".")).toString("base64");

function device(deviceId: string, status: DeviceIdentity["status"] = "enabled"): DeviceIdentity {
  return {
    deviceId,
    generationId: "1",
    etag: "e",
    status,
    isIotEdge: false,
    authentication: {
      type: "sas",
      primaryKey: keyOf(`${deviceId} primary`),
      secondaryKey: keyOf(`${deviceId} secondary`),
    },
  };
}

const devices = [
  device("d1"),
  device("d11"),
  device("D1"),
  device("a%b?c"),
  device("__proto__"),
  device("off", "disabled"),
];

const context: AccessContext = {
  hostNames: HOST_NAMES,
  nowMs: NOW_SECONDS * 1000,
  findDevice: (id) => devices.find(({ deviceId }) => deviceId === id),
  isOfRegisteredAuthority: () => false,
  findPolicy: (name) =>
    Object.hasOwn(DEFAULT_POLICIES, name)
      ? {
          name,
          permissions: DEFAULT_POLICIES[name] ?? [],
          primaryKey: keyOf(`${name} primary`),
          secondaryKey: keyOf(`${name} secondary`),
        }
      : undefined,
};

const UNAUTHORIZED = expect.objectContaining({ name: "IotHubUnauthorized" });

function deviceToken(form: Partial<TokenForm> = {}): string {
  return signToken({ sr: "hub.example/devices/d1", key: keyOf("d1 primary"), se: EXPIRY, ...form });
}

function policyToken(policy: string, form: Partial<TokenForm> = {}): string {
  return signToken({
    sr: "hub.example",
    key: keyOf(`${policy} primary`),
    se: EXPIRY,
    skn: policy,
    ...form,
  });
}

function mayTouch(token: string, permission: Permission, path: readonly string[]): boolean {
  const principal = authenticateToken(token, context);
  try {
    authorize(principal, permission, path, context);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ name: "IotHubUnauthorized" });
    return false;
  }
}

describe("a device's token", () => {
  it.each([
    ["raw (C)", "hub.example/devices/d1"],
    ["encoded whole (Node, Python)", "hub.example%2Fdevices%2Fd1"],
    ["encoded whole, lower-case hex", "hub.example%2fdevices%2fd1"],
    ["with port, encoded", "localhost%3A18883%2Fdevices%2Fd1"],
    ["with port, raw", "localhost:8883/devices/d1"],
    ["host in capitals", "HUB.Example/devices/d1"],
    ["another name of the hub", "localhost/devices/d1"],
    ["trailing slash", "hub.example/devices/d1/"],
    ["with scheme", "https://hub.example/devices/d1"],
  ])("is good for the device with sr %s", (_form, sr) => {
    expect(mayTouch(deviceToken({ sr }), "DeviceConnect", ["devices", "d1"])).toBe(true);
  });

  it.each([
    ["percent-encoded", "hub.example/devices/a%25b%3Fc"],
    ["encoded whole", "hub.example%2Fdevices%2Fa%25b%3Fc"],
    ["raw", "hub.example/devices/a%b?c"],
  ])("names a device with special characters %s", (_form, sr) => {
    const token = deviceToken({ sr, key: keyOf("a%b?c primary") });
    expect(mayTouch(token, "DeviceConnect", ["devices", "a%b?c"])).toBe(true);
  });

  // Rule sas-signature.
  it("may be signed with the secondary key", () => {
    const principal = authenticateToken(deviceToken({ key: keyOf("d1 secondary") }), context);
    expect(principal).toMatchObject({ name: "d1", permissions: ["DeviceConnect"] });
  });

  // Rules sas-subject, sas-scope.
  it("is good for no device but its own, and no prefix of its name counts", () => {
    for (const other of ["d11", "D1", "d", ""]) {
      expect(mayTouch(deviceToken(), "DeviceConnect", ["devices", other])).toBe(false);
    }
    expect(mayTouch(deviceToken(), "DeviceConnect", ["devices"])).toBe(false);
    expect(mayTouch(deviceToken(), "DeviceConnect", [])).toBe(false);
  });

  it("for a module of the device is not good for the device", () => {
    const token = deviceToken({ sr: "hub.example/devices/d1/modules/m1" });
    expect(mayTouch(token, "DeviceConnect", ["devices", "d1"])).toBe(false);
  });

  // Rule policy-permissions.
  it("gives no permission but DeviceConnect", () => {
    for (const permission of ["ServiceConnect", "RegistryRead", "RegistryWrite"] as const) {
      expect(mayTouch(deviceToken(), permission, ["devices", "d1"])).toBe(false);
    }
  });

  // Rules sas-subject, sas-signature, sas-expiry.
  it.each<[string, Partial<TokenForm>]>([
    ["with another device's key", { key: keyOf("d11 primary") }],
    ["with a policy's key", { key: keyOf("iothubowner primary") }],
    ["with an empty key", { key: "" }],
    ["of a device that is not there", { sr: "hub.example/devices/nobody" }],
    ["of a disabled device", { sr: "hub.example/devices/off", key: keyOf("off primary") }],
    ["for the whole hub", { sr: "hub.example" }],
    ["for all devices", { sr: "hub.example/devices" }],
    ["for a device called like a member of every object", { sr: "hub.example/devices/toString" }],
    ["for another collection", { sr: "hub.example/messages/d1" }],
    ["that runs out this second", { se: NOW_SECONDS }],
    ["that ran out", { se: NOW_SECONDS - 1 }],
  ])("is refused %s", (_why, form) => {
    expect(() => authenticateToken(deviceToken(form), context)).toThrowError(UNAUTHORIZED);
  });

  it.each(["other.example", "hub.example.evil", "xhub.example", ""])(
    "for the host %o gives nothing here",
    (host) => {
      const token = deviceToken({ sr: `${host}/devices/d1` });
      expect(mayTouch(token, "DeviceConnect", ["devices", "d1"])).toBe(false);
    },
  );
});

// Rule sas-hub-subject.
describe("a device's token for the hub alone, or for all its devices,", () => {
  const RESOURCES = [
    "hub.example",
    "localhost%3A8883",
    "https://hub.example/",
    "hub.example/devices",
  ];

  function principalFor(claimed: string | undefined, sr = "hub.example", key = "d1 primary") {
    return authenticateToken(deviceToken({ sr, key: keyOf(key) }), context, claimed);
  }

  it.each(RESOURCES)("with sr %s is good for the device that shows it, and nothing else", (sr) => {
    const principal = principalFor("d1", sr);
    expect(principal).toMatchObject({ name: "d1", permissions: ["DeviceConnect"] });
    expect(() => authorizeDevice(principal, "d1", context)).not.toThrow();
    for (const other of ["d11", "D1", "off"]) {
      expect(() => authorizeDevice(principal, other, context)).toThrowError(UNAUTHORIZED);
    }
    for (const path of [[], ["devices"], ["devices", "d11"], ["messages", "devicebound"]]) {
      const touch = () => authorize(principal, "DeviceConnect", path, context);
      expect(touch).toThrowError(UNAUTHORIZED);
    }
    for (const permission of ["ServiceConnect", "RegistryRead", "RegistryWrite"] as const) {
      const touch = () => authorize(principal, permission, ["devices", "d1"], context);
      expect(touch).toThrowError(UNAUTHORIZED);
    }
  });

  it.each<[string, string | undefined, string?, string?]>([
    ["by nobody who says which device it is", undefined],
    ["by another device", "d11"],
    ["by a device that is not there", "nobody"],
    ["by a disabled device", "off", "hub.example", "off primary"],
    ["by a device with a policy's key", "d1", "hub.example", "iothubowner primary"],
    ["for another collection", "d1", "hub.example/messages"],
  ])("is refused when shown %s", (_who, claimed, sr, key) => {
    expect(() => principalFor(claimed, sr, key)).toThrowError(UNAUTHORIZED);
  });

  it("for another hub opens nothing here", () => {
    const principal = principalFor("d1", "other.example");
    expect(() => authorizeDevice(principal, "d1", context)).toThrowError(UNAUTHORIZED);
  });
});

it("a token that names a device is that device's, whoever shows it", () => {
  const principal = authenticateToken(deviceToken(), context, "d11");
  expect(principal.name).toBe("d1");
  expect(() => authorizeDevice(principal, "d11", context)).toThrowError(UNAUTHORIZED);
});

describe("a policy's token", () => {
  it.each([
    ["the host (Node, C, Python)", "hub.example"],
    ["host and port (Node)", "localhost:15671"],
    ["the host with scheme (Python)", "https%3A%2F%2Fhub.example"],
    ["all devices", "hub.example/devices"],
    ["one device (az iot)", "hub.example%2Fdevices%2Fd1"],
  ])("for %s covers a device", (_what, sr) => {
    const token = policyToken("iothubowner", { sr });
    expect(mayTouch(token, "DeviceConnect", ["devices", "d1"])).toBe(true);
  });

  // Rules sas-key-text, sas-scope.
  it.each([
    "sb://hub.example:5671/messages",
    "sb%3A%2F%2Flocalhost%3A15671%2Fmessages",
    "SB://HUB.EXAMPLE/messages/",
  ])("of Event Hubs for %s, signed with the key's text, covers what is below", (sr) => {
    const token = policyToken("service", { sr, keyForm: "text" });
    const below = ["messages", "ConsumerGroups", "$Default", "Partitions", "0"];
    expect(mayTouch(token, "ServiceConnect", below)).toBe(true);
    expect(mayTouch(token, "ServiceConnect", ["devices"])).toBe(false);
  });

  // Rule sas-scope.
  it.each([
    ["/a/b", ["a", "bc"], false],
    ["/a/b", ["a"], false],
    ["/a/b", ["a", "b"], true],
    ["/a/b", ["a", "b", "c"], true],
    ["/a/b%2Fc", ["a", "b", "c"], true],
    ["/devices/d1", ["devices", "d11"], false],
    ["/devices/d1", ["devices", "D1"], false],
  ])("with scope %s touches %j: %s", (scope, path, may) => {
    const token = policyToken("service", { sr: `hub.example${scope}` });
    expect(mayTouch(token, "ServiceConnect", path)).toBe(may);
  });

  // Rule policy-permissions.
  it.each<[string, readonly Permission[]]>([
    ["iothubowner", ["RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"]],
    ["service", ["ServiceConnect"]],
    ["device", ["DeviceConnect"]],
    ["registryRead", ["RegistryRead"]],
    ["registryReadWrite", ["RegistryRead", "RegistryWrite"]],
  ])("of %s gives %j and nothing else", (policy, given) => {
    const all = ["RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"] as const;
    const got = all.filter((permission) => mayTouch(policyToken(policy), permission, ["devices"]));
    expect(got).toEqual(given);
  });

  // Rule sas-signature.
  it("may be signed with the secondary key", () => {
    const token = policyToken("service", { key: keyOf("service secondary") });
    expect(authenticateToken(token, context).name).toBe("service");
  });

  // Rules sas-subject, sas-signature, sas-expiry.
  it.each<[string, Partial<TokenForm>]>([
    ["with another policy's key", { key: keyOf("device primary") }],
    ["with an empty key", { key: "" }],
    ["of a policy that is not there", { skn: "root" }],
    ["of a policy called like a member of every object", { skn: "constructor" }],
    ["of a policy in other capitals", { skn: "Service" }],
    ["that ran out", { se: NOW_SECONDS }],
  ])("is refused %s", (_why, form) => {
    expect(() => authenticateToken(policyToken("service", form), context)).toThrowError(
      UNAUTHORIZED,
    );
  });
});

// Rule sas-expiry.
describe("a credential that was valid before", () => {
  it("is refused once it has expired", () => {
    const principal = authenticateToken(policyToken("service"), context);
    const at = (nowMs: number) => () =>
      authorize(principal, "ServiceConnect", ["messages"], { ...context, nowMs });
    expect(at(EXPIRY * 1000 - 1)).not.toThrow();
    expect(at(EXPIRY * 1000)).toThrowError(UNAUTHORIZED);
  });
});
