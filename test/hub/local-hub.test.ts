import { existsSync } from "node:fs";
import tls from "node:tls";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/async/clock.ts";
import { startHomeHub } from "../../src/hub/home-hub.ts";
import { startLocalHub } from "../../src/hub/local-hub.ts";
import {
  freePort,
  isListening,
  startHubForTest,
  temporaryDirectory,
} from "../support/local-hub.ts";
import { RunningProgram } from "../support/running-program.ts";

describe("starting", () => {
  it("listens on a free port and writes the CA certificate", async () => {
    const hub = await startHubForTest({ devices: ["device1"] });
    expect(hub.ports).toHaveLength(1);
    expect(hub.hostName).toBe(`localhost:${hub.ports[0]}`);
    expect(existsSync(hub.caFile)).toBe(true);
  });

  it("gives each of several hubs its own port and keys", async () => {
    const hubs = await Promise.all([startHubForTest(), startHubForTest(), startHubForTest()]);
    expect(new Set(hubs.map(({ connectionString }) => connectionString)).size).toBe(3);
    expect(new Set(hubs.flatMap(({ ports }) => ports)).size).toBe(3);
  });

  it.each(["a/b", "", "ü", "x".repeat(129)])(
    "fails for the invalid device id %o, and leaves nothing listening",
    async (deviceId) => {
      const port = await freePort();
      await expect(startLocalHub({ port, devices: [deviceId] })).rejects.toMatchObject({
        name: "ArgumentInvalid",
      });
      expect(await isListening(port)).toBe(false);
    },
  );

  it("fails at home for an invalid device id, and leaves nothing listening", async () => {
    const port = await freePort();
    const options = { directory: temporaryDirectory(), ports: [port], devices: ["a/b"] };
    await expect(startHomeHub(options)).rejects.toMatchObject({ name: "ArgumentInvalid" });
    expect(await isListening(port)).toBe(false);
  });
});

describe("deviceConnectionString", () => {
  it("creates the device once", async () => {
    const hub = await startHubForTest();
    const text = hub.deviceConnectionString("new-device");
    expect(text).toMatch(/^HostName=localhost:\d+;DeviceId=new-device;SharedAccessKey=.{44}$/);
    expect(hub.deviceConnectionString("new-device")).toBe(text);
  });

  it("throws ArgumentInvalid for an invalid id", async () => {
    const hub = await startHubForTest();
    expect(() => hub.deviceConnectionString("a/b")).toThrowError(
      expect.objectContaining({ name: "ArgumentInvalid" }),
    );
  });
});

describe("stopping", () => {
  it("is idempotent, frees the port and removes the files", async () => {
    const hub = await startLocalHub();
    await Promise.all([hub.stop(), hub.stop()]);
    await hub.stop();
    await hub.stopped;
    expect(existsSync(hub.caFile)).toBe(false);
    const again = await startHubForTest({ port: hub.ports[0] ?? 0 });
    expect(again.ports).toEqual(hub.ports);
  });

  it("happens at the end of an `await using` scope", async () => {
    let stopped: Promise<void>;
    {
      await using hub = await startLocalHub();
      ({ stopped } = hub);
    }
    await stopped;
  });

  it("resolves `stopped` at home", async () => {
    const hub = await startHomeHub({ directory: temporaryDirectory(), ports: [0] });
    hub.deviceConnectionString("device1");
    await hub.stop();
    await expect(hub.stopped).resolves.toBeUndefined();
  });

  it("leaves nothing that keeps the process alive", async () => {
    const index = new URL("../../dist/index.js", import.meta.url);
    const program = `
      import { once } from "node:events";
            import tls from "node:tls";
      import { startLocalHub } from ${JSON.stringify(index.href)};
      const hub = await startLocalHub({ devices: ["device1"] });
      const [port] = hub.ports;
      const socket = tls.connect({ host: "127.0.0.1", port, servername: "localhost", rejectUnauthorized: false });
      await once(socket, "secureConnect");
      socket.write("GET /devices/device1 HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n");
      await once(socket, "data");
      await hub.stop();
      console.log("stopped");`;
    const child = new RunningProgram(process.execPath, ["--input-type=module", "--eval", program], {
      directory: temporaryDirectory(),
    });
    expect(await child.ended).toEqual({ code: 0, signal: null, stdout: "stopped\n", stderr: "" });
  });
});

describe("an idle hub", () => {
  it("stops after the idle time, by its clock", async () => {
    const clock = new ManualClock();
    const options = { directory: temporaryDirectory(), ports: [0], idleExitMs: 5000, clock };
    const hub = await startHomeHub(options);
    let isStopped = false;
    void hub.stopped.then(() => {
      isStopped = true;
    });
    clock.advance(4999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isStopped).toBe(false);
    clock.advance(1);
    await hub.stopped;
  });
});

describe("trust", () => {
  it("is removed when the hub stops", async () => {
    const before = tls.createSecureContext;
    const hub = await startHubForTest();
    hub.trust();
    expect(tls.createSecureContext).not.toBe(before);
    await hub.stop();
    expect(tls.createSecureContext).toBe(before);
  });

  it("of several hubs is removed whatever order they stop in", async () => {
    const before = tls.createSecureContext;
    const [first, second] = [await startHubForTest(), await startHubForTest()];
    first.trust();
    second.trust();
    await first.stop();
    await second.stop();
    const after = tls.createSecureContext;
    tls.createSecureContext = before;
    expect(after).toBe(before);
  });

  it("requested twice is removed when the hub stops", async () => {
    const before = tls.createSecureContext;
    const hub = await startHubForTest();
    hub.trust();
    hub.trust();
    await hub.stop();
    expect(tls.createSecureContext).toBe(before);
  });
});
