import { expect, test } from "vitest";
import { endpointOf } from "../../../src/client/connection/endpoint-of.ts";
import { setEnvironment } from "../support/connect-proxy.ts";

test.each([
  ["http://proxy:3128", { host: "proxy", port: 3128, isTls: false }],
  ["http://proxy", { host: "proxy", port: 80, isTls: false }],
  ["https://proxy", { host: "proxy", port: 443, isTls: true }],
  ["proxy:3128", { host: "proxy", port: 3128, isTls: false }],
  ["me:password@proxy:3128", { host: "proxy", port: 3128, isTls: false }],
  ["http://[::1]:3128/", { host: "::1", port: 3128, isTls: false }],
])("%s is an address", (value, proxy) => {
  setEnvironment({ HTTPS_PROXY: value });
  expect(endpointOf("hub.example", "http").proxy).toMatchObject({
    ...proxy,
    variable: "HTTPS_PROXY",
  });
});

const NO_URL = "is not a valid URL.";
const NO_PROXY_ADDRESS = "is not the address of an HTTP proxy:";

test.each([
  ["http://", NO_URL],
  ["http://proxy:port", NO_URL],
  ["http://proxy:99999", NO_URL],
  ["a proxy", NO_URL],
  ["proxy", `${NO_PROXY_ADDRESS} it has neither a scheme nor a port.`],
  ["://", NO_URL],
  ["socks5://proxy:1080", `${NO_PROXY_ADDRESS} socks5:// is not supported.`],
  ["ftp://proxy", `${NO_PROXY_ADDRESS} ftp:// is not supported.`],
  [
    "http://me:hidden%zz@proxy:3128",
    `${NO_PROXY_ADDRESS} its user or password contains an invalid percent-encoding; write % as %25.`,
  ],
  ...[
    "http://me:hidden/@proxy:3128",
    "http://me:12/hidden@proxy:3128",
    "http://me:p@hidden/word@proxy:3128",
    "http://me:p@hidden#word@proxy:3128",
  ].map((value) => [value, ""]),
])("%s is none, and is not shown", (value, why) => {
  setEnvironment({ https_proxy: value });
  const message = expect.stringContaining(`https_proxy in the environment ${why}`);
  expect(() => endpointOf("hub.example", "http")).toThrow(
    expect.objectContaining({ name: "ConfigurationError", message }),
  );
  expect(() => endpointOf("hub.example", "http")).not.toThrow("hidden");
  // Where it is not used, it does not matter.
  expect(endpointOf("hub.example", "mqtt").proxy).toBeUndefined();
  expect(endpointOf("localhost", "http").proxy).toBeUndefined();
});

test.each(["localhost", "LOCALHOST", "hub.localhost", "127.0.0.1", "127.255.0.9", "::1"])(
  "%s is loopback, which needs no proxy",
  (host) => {
    setEnvironment({ HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "" });
    expect(endpointOf({ host, port: 8443 }, "mqtt-ws")).toEqual({ host, port: 8443 });
    expect(endpointOf({ host }, "mqtt").unusedProxy).toBeUndefined();
  },
);

test.each(["localhost.example", "notlocalhost", "128.0.0.1", "127.0.0.1.example"])(
  "%s is not",
  (host) => {
    setEnvironment({ HTTPS_PROXY: "http://proxy:3128" });
    expect(endpointOf(host, "amqp-ws").proxy).toMatchObject({ host: "proxy" });
    expect(endpointOf(host, "amqp").unusedProxy).toEqual({
      variable: "HTTPS_PROXY",
      transport: "amqp",
    });
  },
);

test.each([
  ["*", false],
  ["hub.example", false],
  ["HUB.EXAMPLE", false],
  ["a.example, hub.example", false],
  [".example", false],
  ["*.example", false],
  ["hub.example:443", false],
  ["hub.example:8443", true],
  ["example", true],
  ["other.example", true],
])("with NO_PROXY=%s, the hub is proxied: %s", (value, isProxied) => {
  setEnvironment({ HTTPS_PROXY: "http://proxy:3128", NO_PROXY: value });
  expect(endpointOf("hub.example", "http").proxy !== undefined).toBe(isProxied);
});

test("https_proxy wins over HTTPS_PROXY, and both over ALL_PROXY", () => {
  setEnvironment({ ALL_PROXY: "http://third:1" });
  const proxyHost = () => endpointOf("hub.example", "http").proxy?.host;
  expect(proxyHost()).toBe("third");
  setEnvironment({ HTTPS_PROXY: "http://second:1" });
  expect(proxyHost()).toBe("second");
  setEnvironment({ https_proxy: "http://first:1" });
  expect(proxyHost()).toBe("first");
});
