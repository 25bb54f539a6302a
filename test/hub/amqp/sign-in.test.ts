import { once } from "node:events";
import rhea from "rhea";
import { describe, expect, it } from "vitest";
import { isAuthorized } from "../../support/amqp-peer.ts";
import { Inbox } from "../../support/inbox.ts";
import { connectTestService, createTestHub, HOST, type TestHub } from "../../support/test-hub.ts";

const DEVICEBOUND = "/messages/devicebound";
const FEEDBACK = "/messages/serviceBound/feedback";
const TO_DEVICE = "/devices/device1/messages/devicebound";
const UNAUTHORIZED = { condition: "amqp:unauthorized-access" };

/** A connection that has not signed in yet. */
async function openCbs() {
  const hub = await createTestHub();
  const peer = await hub.amqp().opened();
  return { hub, peer, cbs: await peer.openCbs() };
}

// Rule amqp-sign-in.
it("without SASL, a token on $cbs opens the service's links (Node)", async () => {
  const { peer } = await connectTestService();
  await peer.openSender(DEVICEBOUND);
  await peer.openReceiver(FEEDBACK);
});

// Rule amqp-sign-in.
describe("SASL", () => {
  const plain = (username: string, password: string) => ({ username, password });

  it.each<[string, object]>([
    ["ANONYMOUS (Event Hubs)", { username: "anonymous" }],
    [
      "MSSBCBS (uamqp)",
      { sasl_mechanisms: { MSSBCBS: { start: (answer: () => void) => answer() } } },
    ],
  ])("%s opens only $cbs, where a token opens the rest", async (_mechanism, options) => {
    const hub = await createTestHub();
    const peer = await hub.amqp(options).opened();
    await expect(peer.openSender(DEVICEBOUND)).rejects.toMatchObject(UNAUTHORIZED);
    const cbs = await peer.openCbs();
    await cbs.putToken(HOST, hub.policyToken("service"));
    await peer.openSender(DEVICEBOUND);
  });

  it("PLAIN with a policy's name and token opens its links without $cbs", async () => {
    const hub = await createTestHub();
    const user = `service@sas.root.${HOST}`;
    const peer = await hub.amqp(plain(user, hub.policyToken("service"))).opened();
    await peer.openSender(DEVICEBOUND);
    await peer.openReceiver(FEEDBACK);
  });

  it.each<[string, (hub: TestHub) => { username: string; password: string }]>([
    [
      "a token of another policy",
      (hub) => plain(`service@sas.root.${HOST}`, hub.policyToken("device")),
    ],
    [
      "a forged signature",
      () =>
        plain(
          `service@sas.root.${HOST}`,
          "SharedAccessSignature sr=a&sig=b&se=9999999999&skn=service",
        ),
    ],
    ["another device's token", (hub) => plain(`device1@sas.${HOST}`, hub.deviceToken("device2"))],
    [
      "a policy without permission for devices",
      (hub) => plain(`device1@sas.${HOST}`, hub.policyToken("service")),
    ],
    [
      "a device that does not exist",
      (hub) => plain(`nobody@sas.${HOST}`, hub.policyToken("device")),
    ],
    ["a password that is not a token", () => plain(`service@sas.root.${HOST}`, "secret")],
    ["an invalid user name", (hub) => plain("service", hub.policyToken("service"))],
    [
      "an expired token",
      (hub) =>
        plain(`service@sas.root.${HOST}`, hub.policyToken("service", { expiresInSeconds: 0 })),
    ],
  ])("PLAIN is refused with %s", async (_why, credentials) => {
    const hub = await createTestHub();
    const peer = hub.amqp(credentials(hub));
    await peer.closed;
    expect(peer.connection.is_open()).toBe(false);
    expect(hub.log.of("connectionRefused")).toHaveLength(1);
  });

  it.each<[string, (hub: TestHub) => string]>([
    ["its own token", (hub) => hub.deviceToken("device1")],
    ["a policy's token for all devices", (hub) => hub.policyToken("device")],
  ])("PLAIN with a device's name and %s opens its link without $cbs", async (_whose, token) => {
    const hub = await createTestHub();
    await hub.send({ messageId: "m1" });
    const peer = await hub.amqp(plain(`device1@sas.${HOST}`, token(hub))).opened();
    const receiver = await peer.openReceiver(TO_DEVICE);
    expect((await receiver.next()).message.message_id).toBe("m1");
    await expect(peer.openSender(DEVICEBOUND)).rejects.toMatchObject(UNAUTHORIZED);
  });

  it("PLAIN accepts a device id with @ and dots in it", async () => {
    const deviceId = "d@sas.root.example";
    const hub = await createTestHub({ devices: [deviceId] });
    const peer = await hub
      .amqp(plain(`${deviceId}@sas.${HOST}`, hub.deviceToken(deviceId)))
      .opened();
    await peer.openReceiver(`/devices/${encodeURIComponent(deviceId)}/messages/devicebound`);
  });

  it("offers MSSBCBS, PLAIN and ANONYMOUS", async () => {
    const hub = await createTestHub();
    const { clientEnd } = hub.rawAmqp();
    const chunks = new Inbox<Buffer>();
    clientEnd.on("data", (chunk: Buffer) => chunks.push(chunk));
    clientEnd.write(Buffer.from("AMQP\u0003\u0001\u0000\u0000", "latin1"));
    const answer = Buffer.concat(await chunks.take(2)).toString("latin1");
    for (const mechanism of ["MSSBCBS", "PLAIN", "ANONYMOUS"]) expect(answer).toContain(mechanism);
  });
});

// Rule event-key. azure-event-hubs 0.0.x and a Go client sign in like this after the redirect.
describe("SASL PLAIN with a policy's name and key", () => {
  const MANAGEMENT = "messages/$management";
  const key = (hub: TestHub, name: string, which: "primaryKey" | "secondaryKey" = "primaryKey") =>
    hub.policies.find((policy) => policy.name === name)?.[which] ?? "";

  it.each(["primaryKey", "secondaryKey"] as const)("opens the event hub (%s)", async (which) => {
    const hub = await createTestHub();
    const password = key(hub, "service", which);
    const peer = await hub.amqp({ username: "service", password }).opened();
    await peer.openReceiver("messages/ConsumerGroups/$Default/Partitions/0");
    await peer.openReceiver(MANAGEMENT);
    await peer.openSender("$management");
  });

  it("opens nothing else, because the hub's own endpoint accepts only tokens", async () => {
    const hub = await createTestHub();
    const password = key(hub, "iothubowner");
    const peer = await hub.amqp({ username: "iothubowner", password }).opened();
    await peer.openReceiver(MANAGEMENT);
    await expect(peer.openSender(DEVICEBOUND)).rejects.toMatchObject(UNAUTHORIZED);
    for (const address of [FEEDBACK, TO_DEVICE, "/messages/events/$management"]) {
      await expect(peer.openReceiver(address)).rejects.toMatchObject(UNAUTHORIZED);
    }
    await (await peer.openCbs()).putToken(HOST, hub.policyToken("service"));
    await peer.openSender(DEVICEBOUND);
  });

  it.each(["device", "registryRead", "registryReadWrite"])(
    "of %s, which may not read events, opens nothing",
    async (username) => {
      const hub = await createTestHub();
      const peer = await hub.amqp({ username, password: key(hub, username) }).opened();
      await expect(peer.openReceiver(MANAGEMENT)).rejects.toMatchObject(UNAUTHORIZED);
    },
  );

  it.each<[string, string, (hub: TestHub) => string]>([
    ["a key of another policy", "service", (hub) => key(hub, "device")],
    ["part of the key", "service", (hub) => key(hub, "service").slice(0, -1)],
    ["more than the key", "service", (hub) => `${key(hub, "service")}=`],
    [
      "the key in hex",
      "service",
      (hub) => Buffer.from(key(hub, "service"), "base64").toString("hex"),
    ],
    ["an unknown policy", "nobody", (hub) => key(hub, "service")],
    ["a policy name in different case", "Service", (hub) => key(hub, "service")],
    ["a device's key", "device1", (hub) => deviceKey(hub)],
    ["the documented user name", `service@sas.root.${HOST}`, (hub) => key(hub, "service")],
    ["the documented user name of a device", `device1@sas.${HOST}`, (hub) => deviceKey(hub)],
    ["no user name", "", (hub) => key(hub, "service")],
    ["no password", "service", () => ""],
  ])("is refused with %s", async (_what, username, password) => {
    const hub = await createTestHub();
    const response = Buffer.from(`\0${username}\0${password(hub)}`);
    const start = (answer: (error: undefined, response: Buffer) => void) =>
      answer(undefined, response);
    const peer = hub.amqp({ sasl_mechanisms: { PLAIN: { start } } } as object);
    await peer.closed;
    expect(peer.connection.is_open()).toBe(false);
    expect(hub.log.of("connectionRefused")).toMatchObject([{ name: "IotHubUnauthorized" }]);
  });

  function deviceKey(hub: TestHub): string {
    const { authentication } = hub.registry.get("device1");
    return authentication.type === "sas" ? authentication.primaryKey : "";
  }
});

// Rule amqp-cbs.
describe("put-token", () => {
  it("with a valid token is answered with 200 and the request's id", async () => {
    const { hub, cbs } = await openCbs();
    const reply = await cbs.putToken(HOST, hub.policyToken("service"));
    expect(reply.correlation_id).toBe("request-1");
    expect(reply.application_properties?.["status-code"]).toBe(200);
  });

  it.each<[string, string, (hub: TestHub) => string]>([
    ["the host name", HOST, (hub) => hub.policyToken("service")],
    [
      "a host with port (Node)",
      `${HOST}:15671`,
      (hub) => hub.policyToken("service", { resource: `${HOST}:15671` }),
    ],
    ["a host with scheme (Python)", `https://${HOST}`, (hub) => hub.policyToken("service")],
    [
      "a percent-encoded device (Node)",
      `${HOST}%3A15671%2Fdevices%2Fdevice1`,
      (hub) => hub.deviceToken("device1"),
    ],
    [
      "Event Hubs",
      `sb://${HOST}:15671/messages`,
      (hub) => hub.policyToken("service", { resource: `sb://${HOST}:15671/messages` }),
    ],
  ])("for %s is answered with 200", async (_what, audience, token) => {
    const { hub, cbs } = await openCbs();
    const reply = await cbs.putToken(audience, token(hub));
    expect(reply.application_properties).toMatchObject({ "status-code": 200 });
  });

  it.each<[string, (hub: TestHub) => string]>([
    [
      "a signature by another key",
      (hub) => hub.policyToken("service").replace(/sig=[^&]*/, "sig=AAAA"),
    ],
    ["an expired token", (hub) => hub.policyToken("service", { expiresInSeconds: 0 })],
    [
      "a policy that does not exist",
      (hub) => hub.policyToken("service").replace("skn=service", "skn=root"),
    ],
    [
      "a token of a device that does not exist",
      (hub) => hub.deviceToken("device1").replace("device1", "nobody"),
    ],
    ["a body that is not a token", () => "Bearer abc"],
  ])("with %s is answered with 401 and opens nothing", async (_why, token) => {
    const { hub, peer, cbs } = await openCbs();
    const reply = await cbs.putToken(HOST, token(hub));
    expect(reply.application_properties).toMatchObject({
      "status-code": 401,
      "status-description": expect.stringMatching(/./),
    });
    await expect(peer.openSender(DEVICEBOUND)).rejects.toMatchObject(UNAUTHORIZED);
  });

  it("is answered with a status code encoded as int (0x71 or 0x54), not uint", async () => {
    const hub = await createTestHub();
    const clientBytes: Buffer[] = [];
    const peer = await hub.amqp().opened();
    const cbs = await peer.openCbs();
    (peer.connection as unknown as { socket: NodeJS.ReadableStream }).socket.on(
      "data",
      (chunk: Buffer) => clientBytes.push(chunk),
    );
    await cbs.putToken(HOST, hub.policyToken("service"));
    const bytes = Buffer.concat(clientBytes);
    const at = bytes.indexOf("status-code") + "status-code".length;
    expect([0x71, 0x54]).toContain(bytes[at]);
  });

  it.each<[string, unknown, unknown]>([
    ["a string", "id-7", "id-7"],
    ["a ulong", 7, 7],
    ["the ulong 0 (uamqp's first)", 0, 0],
    [
      "a uuid",
      rhea.types.wrap_uuid(rhea.string_to_uuid("12345678-1234-1234-1234-1234567890ab")),
      rhea.string_to_uuid("12345678-1234-1234-1234-1234567890ab"),
    ],
  ])("is answered with its id when that is %s", async (_type, id, expected) => {
    const { hub, cbs } = await openCbs();
    const reply = await cbs.putToken(HOST, hub.policyToken("service"), {
      message_id: id as string,
    });
    const { correlation_id } = reply;
    expect(correlation_id).toEqual(expected);
    if (typeof expected === "number") expect(typeof correlation_id).toBe("number");
  });

  it.each<[string, object]>([
    ["another operation", { application_properties: { operation: "delete-token", name: HOST } }],
    ["no properties", { application_properties: undefined }],
    ["no audience", { application_properties: { operation: "put-token" } }],
    ["no body", { body: undefined }],
    ["a binary body", { body: rhea.message.data_section(Buffer.from("x")) }],
  ])("with %s is answered with 400", async (_what, fields) => {
    const { hub, cbs } = await openCbs();
    const reply = await cbs.putToken(HOST, hub.policyToken("service"), fields);
    expect(reply.application_properties).toMatchObject({ "status-code": 400 });
  });

  it("renews a token, and links outlive the first one", async () => {
    const { hub, peer, cbs } = await openCbs();
    await cbs.putToken(HOST, hub.policyToken("service", { expiresInSeconds: 100 }));
    const sender = await peer.openSender(DEVICEBOUND);
    hub.clock.advance(90_000);
    await cbs.putToken(HOST, hub.policyToken("service", { expiresInSeconds: 3600 }));
    hub.clock.advance(20_000);
    const outcome = await sender.send({ to: TO_DEVICE, body: "x" });
    expect(outcome).toEqual({ type: "accepted" });
  });
});

// Rules amqp-attach, policy-permissions.
describe("attaching", () => {
  it.each([
    ["openSender", DEVICEBOUND],
    ["openSender", "amqps://localhost/messages/devicebound"],
    ["openReceiver", FEEDBACK],
    ["openReceiver", TO_DEVICE],
  ] as const)("without a token is refused (%s %s)", async (open, address) => {
    const peer = await (await createTestHub()).amqp().opened();
    await expect(peer[open](address)).rejects.toMatchObject(UNAUTHORIZED);
  });

  it.each([
    ["device", "openSender", DEVICEBOUND, false],
    ["registryRead", "openSender", DEVICEBOUND, false],
    ["registryReadWrite", "openSender", DEVICEBOUND, false],
    ["service", "openSender", DEVICEBOUND, true],
    ["iothubowner", "openSender", DEVICEBOUND, true],
    ["service", "openReceiver", TO_DEVICE, false],
    ["registryReadWrite", "openReceiver", TO_DEVICE, false],
    ["device", "openReceiver", TO_DEVICE, true],
    ["device", "openReceiver", FEEDBACK, false],
    ["service", "openReceiver", FEEDBACK, true],
  ] as const)("with policy %s, %s %s is authorized: %s", async (policy, open, address, may) => {
    const { peer } = await connectTestService(policy);
    expect(await isAuthorized(peer[open](address))).toBe(may);
  });

  // Rule sas-subject.
  it("with one device's token opens neither another device's links nor the service's", async () => {
    const hub = await createTestHub();
    await hub.send({ messageId: "private" }, "device2");
    const peer = await hub.amqp().opened();
    const cbs = await peer.openCbs();
    // The token counts, not the claimed audience.
    await cbs.putToken(`${HOST}/devices/device2`, hub.deviceToken("device1"));
    const other = peer.openReceiver("/devices/device2/messages/devicebound");
    await expect(other).rejects.toMatchObject(UNAUTHORIZED);
    await expect(peer.openReceiver(FEEDBACK)).rejects.toMatchObject(UNAUTHORIZED);
    await expect(peer.openSender(DEVICEBOUND)).rejects.toMatchObject(UNAUTHORIZED);
  });

  it.each([
    ["openReceiver", ""],
    ["openReceiver", "/"],
    ["openReceiver", "/nothing"],
    ["openReceiver", "/messages"],
    ["openReceiver", "/devices/device1"],
    ["openReceiver", "/messages/eventsmore"],
    ["openSender", ""],
    ["openSender", "/nothing"],
    ["openSender", FEEDBACK],
    ["openSender", TO_DEVICE],
  ] as const)("to an unknown address is refused (%s %o)", async (open, address) => {
    const { peer } = await connectTestService("iothubowner");
    await expect(peer[open](address)).rejects.toMatchObject({ condition: "amqp:not-found" });
  });

  it("is answered with source and target, or with neither when it is refused", async () => {
    const { peer } = await connectTestService();
    // uamqp treats a link with only one of them as refused, and never grants credit.
    const end = expect.objectContaining({ address: expect.anything() });
    const both = { source: end, target: end };
    for (const address of [FEEDBACK, "messages/ConsumerGroups/$Default/Partitions/0"]) {
      const { link } = await peer.openReceiver(address, { target: { address: "here" } });
      expect({ source: link.source, target: link.target }).toMatchObject(both);
    }
    const { link } = await peer.openSender(DEVICEBOUND, { source: { address: "here" } });
    expect({ source: link.source, target: link.target }).toMatchObject(both);
    const refused = peer.connection.open_receiver({ source: { address: "/nothing" } });
    await once(refused, "receiver_close");
    for (const end of [refused.source, refused.target]) expect(end).not.toHaveProperty("address");
  });

  it("to an unknown address leaves the connection and its other links working", async () => {
    const { peer } = await connectTestService();
    await expect(peer.openReceiver("/nothing")).rejects.toThrow();
    const sender = await peer.openSender(DEVICEBOUND);
    expect(await sender.send({ to: TO_DEVICE })).toEqual({
      type: "accepted",
    });
  });
});

// Rule sas-expiry.
describe("a token that expires without being renewed", () => {
  it("closes its links with amqp:unauthorized-access", async () => {
    const { hub, peer, cbs } = await openCbs();
    await cbs.putToken(HOST, hub.policyToken("service", { expiresInSeconds: 100 }));
    const { link } = await peer.openSender(DEVICEBOUND);
    const closed = once(link, "sender_close");
    hub.clock.advance(100_000);
    await closed;
    expect(link.error).toMatchObject(UNAUTHORIZED);
    await expect(peer.openReceiver(FEEDBACK)).rejects.toMatchObject(UNAUTHORIZED);
  });

  it("stops a sender even if its peer does not read", async () => {
    const { hub, peer, cbs } = await openCbs();
    await cbs.putToken(HOST, hub.policyToken("service", { expiresInSeconds: 100 }));
    const { link } = await peer.openSender(DEVICEBOUND);
    peer.stall();
    hub.clock.advance(100_000);
    link.send({ to: TO_DEVICE, body: "late" });
    const { peer: other } = await hub.connectService();
    const sender = await other.openSender(DEVICEBOUND);
    await sender.send({ to: "/devices/device2/messages/devicebound", body: "x" });
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });

  it("does not close links that another token covers", async () => {
    const hub = await createTestHub();
    const { peer, cbs } = await hub.connectService();
    await cbs.putToken("other", hub.policyToken("iothubowner", { expiresInSeconds: 10 }));
    const sender = await peer.openSender(DEVICEBOUND);
    hub.clock.advance(10_000);
    expect(await sender.send({ to: TO_DEVICE })).toEqual({
      type: "accepted",
    });
  });
});
