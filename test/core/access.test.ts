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

function isAllowed(token: string, permission: Permission, path: readonly string[]): boolean {
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
    ["host in upper case", "HUB.Example/devices/d1"],
    ["another name of the hub", "localhost/devices/d1"],
    ["trailing slash", "hub.example/devices/d1/"],
    ["with scheme", "https://hub.example/devices/d1"],
  ])("is valid for its device with sr %s", (_form, sr) => {
    expect(isAllowed(deviceToken({ sr }), "DeviceConnect", ["devices", "d1"])).toBe(true);
  });

  it.each([
    ["percent-encoded", "hub.example/devices/a%25b%3Fc"],
    ["encoded whole", "hub.example%2Fdevices%2Fa%25b%3Fc"],
    ["raw", "hub.example/devices/a%b?c"],
  ])("is valid for a device id with special characters: %s", (_form, sr) => {
    const token = deviceToken({ sr, key: keyOf("a%b?c primary") });
    expect(isAllowed(token, "DeviceConnect", ["devices", "a%b?c"])).toBe(true);
  });

  // Rule sas-signature.
  it("may be signed with the secondary key", () => {
    const principal = authenticateToken(deviceToken({ key: keyOf("d1 secondary") }), context);
    expect(principal).toMatchObject({ name: "d1", permissions: ["DeviceConnect"] });
  });

  // Rules sas-subject, sas-scope.
  it("is valid for no other device, not even with a common prefix", () => {
    for (const other of ["d11", "D1", "d", ""]) {
      expect(isAllowed(deviceToken(), "DeviceConnect", ["devices", other])).toBe(false);
    }
    expect(isAllowed(deviceToken(), "DeviceConnect", ["devices"])).toBe(false);
    expect(isAllowed(deviceToken(), "DeviceConnect", [])).toBe(false);
  });

  it("for a module is not valid for its device", () => {
    const token = deviceToken({ sr: "hub.example/devices/d1/modules/m1" });
    expect(isAllowed(token, "DeviceConnect", ["devices", "d1"])).toBe(false);
  });

  // Rule policy-permissions.
  it("grants only DeviceConnect", () => {
    for (const permission of ["ServiceConnect", "RegistryRead", "RegistryWrite"] as const) {
      expect(isAllowed(deviceToken(), permission, ["devices", "d1"])).toBe(false);
    }
  });

  // Rules sas-subject, sas-signature, sas-expiry.
  it.each<[string, Partial<TokenForm>]>([
    ["with another device's key", { key: keyOf("d11 primary") }],
    ["with a policy's key", { key: keyOf("iothubowner primary") }],
    ["with an empty key", { key: "" }],
    ["of an unknown device", { sr: "hub.example/devices/nobody" }],
    ["of a disabled device", { sr: "hub.example/devices/off", key: keyOf("off primary") }],
    ["for the whole hub", { sr: "hub.example" }],
    ["for all devices", { sr: "hub.example/devices" }],
    ["for a device named like a member of every object", { sr: "hub.example/devices/toString" }],
    ["for another collection", { sr: "hub.example/messages/d1" }],
    ["that expires this second", { se: NOW_SECONDS }],
    ["that has expired", { se: NOW_SECONDS - 1 }],
  ])("is refused %s", (_why, form) => {
    expect(() => authenticateToken(deviceToken(form), context)).toThrowError(UNAUTHORIZED);
  });

  it.each(["other.example", "hub.example.evil", "xhub.example", ""])(
    "for the host %o is not valid here",
    (host) => {
      const token = deviceToken({ sr: `${host}/devices/d1` });
      expect(isAllowed(token, "DeviceConnect", ["devices", "d1"])).toBe(false);
    },
  );
});

// Rule sas-hub-subject.
describe("a device's token for the whole hub, or for all its devices,", () => {
  const RESOURCES = [
    "hub.example",
    "localhost%3A8883",
    "https://hub.example/",
    "hub.example/devices",
  ];

  function principalFor(claimed: string | undefined, sr = "hub.example", key = "d1 primary") {
    return authenticateToken(deviceToken({ sr, key: keyOf(key) }), context, claimed);
  }

  it.each(RESOURCES)("with sr %s is valid only for the device that presents it", (sr) => {
    const principal = principalFor("d1", sr);
    expect(principal).toMatchObject({ name: "d1", permissions: ["DeviceConnect"] });
    expect(() => authorizeDevice(principal, "d1", context)).not.toThrow();
    for (const other of ["d11", "D1", "off"]) {
      expect(() => authorizeDevice(principal, other, context)).toThrowError(UNAUTHORIZED);
    }
    for (const path of [[], ["devices"], ["devices", "d11"], ["messages", "devicebound"]]) {
      const attempt = () => authorize(principal, "DeviceConnect", path, context);
      expect(attempt).toThrowError(UNAUTHORIZED);
    }
    for (const permission of ["ServiceConnect", "RegistryRead", "RegistryWrite"] as const) {
      const attempt = () => authorize(principal, permission, ["devices", "d1"], context);
      expect(attempt).toThrowError(UNAUTHORIZED);
    }
  });

  it.each<[string, string | undefined, string?, string?]>([
    ["without a device id", undefined],
    ["by another device", "d11"],
    ["by an unknown device", "nobody"],
    ["by a disabled device", "off", "hub.example", "off primary"],
    ["by a device with a policy's key", "d1", "hub.example", "iothubowner primary"],
    ["for another collection", "d1", "hub.example/messages"],
  ])("is refused when presented %s", (_who, claimed, sr, key) => {
    expect(() => principalFor(claimed, sr, key)).toThrowError(UNAUTHORIZED);
  });

  it("for another hub is not valid here", () => {
    const principal = principalFor("d1", "other.example");
    expect(() => authorizeDevice(principal, "d1", context)).toThrowError(UNAUTHORIZED);
  });
});

it("a token for a device belongs to that device, whoever presents it", () => {
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
    expect(isAllowed(token, "DeviceConnect", ["devices", "d1"])).toBe(true);
  });

  // Rules sas-key-text, sas-scope.
  it.each([
    "sb://hub.example:5671/messages",
    "sb%3A%2F%2Flocalhost%3A15671%2Fmessages",
    "SB://HUB.EXAMPLE/messages/",
  ])("of Event Hubs for %s, signed with the key's text, covers everything below", (sr) => {
    const token = policyToken("service", { sr, keyForm: "text" });
    const below = ["messages", "ConsumerGroups", "$Default", "Partitions", "0"];
    expect(isAllowed(token, "ServiceConnect", below)).toBe(true);
    expect(isAllowed(token, "ServiceConnect", ["devices"])).toBe(false);
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
  ])("with scope %s covers %j: %s", (scope, path, may) => {
    const token = policyToken("service", { sr: `hub.example${scope}` });
    expect(isAllowed(token, "ServiceConnect", path)).toBe(may);
  });

  // Rule policy-permissions.
  it.each<[string, readonly Permission[]]>([
    ["iothubowner", ["RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"]],
    ["service", ["ServiceConnect"]],
    ["device", ["DeviceConnect"]],
    ["registryRead", ["RegistryRead"]],
    ["registryReadWrite", ["RegistryRead", "RegistryWrite"]],
  ])("of %s grants only %j", (policy, granted) => {
    const all = ["RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"] as const;
    const allowed = all.filter((permission) =>
      isAllowed(policyToken(policy), permission, ["devices"]),
    );
    expect(allowed).toEqual(granted);
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
    ["of an unknown policy", { skn: "root" }],
    ["of a policy named like a member of every object", { skn: "constructor" }],
    ["of a policy in different case", { skn: "Service" }],
    ["that has expired", { se: NOW_SECONDS }],
  ])("is refused %s", (_why, form) => {
    expect(() => authenticateToken(policyToken("service", form), context)).toThrowError(
      UNAUTHORIZED,
    );
  });
});

// Rule sas-expiry.
describe("an authenticated credential", () => {
  it("is refused once it has expired", () => {
    const principal = authenticateToken(policyToken("service"), context);
    const at = (nowMs: number) => () =>
      authorize(principal, "ServiceConnect", ["messages"], { ...context, nowMs });
    expect(at(EXPIRY * 1000 - 1)).not.toThrow();
    expect(at(EXPIRY * 1000)).toThrowError(UNAUTHORIZED);
  });
});
