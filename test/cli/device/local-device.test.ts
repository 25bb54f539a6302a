/** Devices of the local hub with `--local`: authentication and creation. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { selfSigned, thumbprintOf } from "../../support/device-certificate.ts";
import { type Ended, parseLines, run } from "../support/run-command.ts";
import { StartedHub } from "../support/started-hub.ts";

let hub: StartedHub;

beforeAll(async () => {
  hub = await StartedHub.start();
});

afterAll(() => hub.stop());

const errorOf = ({ stderr }: Ended) =>
  parseLines(stderr.slice(stderr.indexOf('{"type":"error"')))[0];

describe("a device with a certificate", () => {
  const FILES = ["--cert-file", "d.crt", "--key-file", "d.key"];

  beforeAll(async () => {
    const certificate = await selfSigned("xdev");
    writeFileSync(join(hub.directory, "d.crt"), certificate.cert);
    writeFileSync(join(hub.directory, "d.key"), certificate.key);
    const x509 = ["--auth-method", "x509_thumbprint"];
    const thumbprint = ["--primary-thumbprint", thumbprintOf(certificate, "sha256")];
    await hub.run("c2d-hub", "device", "create", "-d", "xdev", ...x509, ...thumbprint);
  });

  test("receives messages", async () => {
    expect((await hub.run("c2d-send", "-d", "xdev")).code).toBe(0);
  });

  test("has a connection string with x509=true", async () => {
    const { code, stdout } = await run("c2d-hub", ["env", "-d", "xdev", "-o", "json"], hub.options);
    expect(code).toBe(0);
    expect(parseLines(stdout)[0]).toMatchObject({
      IOTHUB_DEVICE_CONNECTION_STRING: `HostName=${hub.hostName};DeviceId=xdev;x509=true`,
    });
  });

  test.each(["mqtt", "amqp", "http"])("listens with its files over %s", async (transport) => {
    await hub.run("c2d-hub", "purge", "-d", "xdev");
    await hub.run("c2d-send", "-d", "xdev");
    const listen = ["listen", "-d", "xdev", "-c", "1", "--timeout", "100s", "-o", "json"];
    const how = [...FILES, "--transport", transport];
    const { code, stdout } = await hub.run("c2d-device", ...listen, ...how);
    expect(code).toBe(0);
    expect(parseLines(stdout)).toMatchObject([{ type: "ready" }, { deviceId: "xdev" }]);
  });

  test("sends telemetry with its files, named by variables", async () => {
    const env = {
      ...hub.options.env,
      C2D_LOCAL: "1",
      PATH_TO_CERTIFICATE_FILE: "d.crt",
      PATH_TO_KEY_FILE: "d.key",
    };
    const { code } = await run("c2d-device", ["telemetry", "-d", "xdev", "-c", "1"], {
      ...hub.options,
      env,
    });
    expect(code).toBe(0);
  });

  test("reports the required files when none are given", async () => {
    const ended = await hub.run("c2d-device", "listen", "-d", "xdev", "-o", "json");
    expect(errorOf(ended)).toMatchObject({
      name: "ArgumentInvalid",
      hint: expect.stringMatching(/--cert-file.*--key-file/),
    });
    expect(ended.code).toBe(6);
  });

  test("a device with a key ignores the files, with a warning", async () => {
    const telemetry = ["telemetry", "-d", "kdev", "-c", "1", ...FILES];
    const { code, stderr } = await hub.run("c2d-device", ...telemetry);
    expect(code).toBe(0);
    expect(stderr).toContain("kdev signs in with a key on the local hub");
  });
});

describe("a device that is deleted while a tool is connected", () => {
  beforeEach(async () => {
    await hub.run("c2d-hub", "device", "create", "-d", "gone", "--if-not-exists");
  });

  test.each(["mqtt", "amqp"])(
    "is not created again, and the tool exits, over %s",
    async (transport) => {
      const listen = ["listen", "-d", "gone", "-o", "json", "--transport", transport];
      const listener = hub.spawn("c2d-device", ...listen);
      await listener.waitFor("stdout", '"type":"ready"');
      expect((await hub.run("c2d-hub", "device", "delete", "-d", "gone")).code).toBe(0);
      const ended = await listener.ended;
      expect(ended.code).toBe(6);
      expect(ended.stderr).toContain("DeviceNotFound");
      expect(ended.stderr).toContain("no longer has a device");
      const { code } = await hub.run("c2d-hub", "device", "show", "-d", "gone");
      expect(code).toBe(6);
    },
  );

  test("is not created again for a sender that reconnects", async () => {
    const send = ["-d", "gone", "--ack", "full", "--wait", "--timeout", "15s", "-o", "json"];
    const sender = hub.spawn("c2d-send", ...send);
    await sender.waitFor("stdout", '"type":"sent"');
    await hub.run("c2d-hub", "device", "delete", "-d", "gone");
    await hub.restart();
    await sender.waitFor("stderr", "Reconnected");
    const { code } = await hub.run("c2d-hub", "device", "show", "-d", "gone");
    expect(code).toBe(6);
  });
});
