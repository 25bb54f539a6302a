import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import WebSocket, { createWebSocketStream } from "ws";
import { parseHubConnectionString } from "../../../src/core/connection-string.ts";
import { serveAmqp } from "../../../src/hub/amqp/connection.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { AmqpPeer } from "../../support/amqp-peer.ts";
import { createDuplexPair } from "../../support/duplex-pair.ts";
import { openPartition } from "../../support/event-hub.ts";
import { startHubForTest } from "../../support/local-hub.ts";
import { signToken } from "../../support/sign-token.ts";
import { connectTestService, createTestHub, HOST } from "../../support/test-hub.ts";

const REDIRECT = "amqp:link:redirect";

/** A service that signs in with SASL PLAIN, like the az tool. */
function plain(token: string) {
  return { username: `service@sas.root.${HOST}`, password: token };
}

async function connect(hub: LocalHub, kind: "TLS" | "WebSocket"): Promise<AmqpPeer> {
  const { sharedAccessKey, sharedAccessKeyName: skn } = parseHubConnectionString(
    hub.connectionString,
  );
  const se = Math.floor(Date.now() / 1000) + 600;
  const password = signToken({ sr: HOST, key: sharedAccessKey.reveal(), se, skn });
  const stream = openStream(hub, kind);
  onTestFinished(() => {
    stream.destroy();
  });
  return new AmqpPeer(stream, { username: `${skn}@sas.root.${HOST}`, password }).opened();
}

function openStream({ caFile, ports: [port] }: LocalHub, kind: "TLS" | "WebSocket"): Duplex {
  const ca = readFileSync(caFile);
  if (kind === "TLS") return tls.connect({ host: HOST, port: port ?? 0, ca });
  const url = `wss://${HOST}:${port}/$iothub/websocket`;
  return createWebSocketStream(new WebSocket(url, "AMQPWSB10", { ca }));
}

// Rule event-redirect.
describe("a link to the events at the hub's own address", () => {
  it.each([
    ["/messages/events/$management", "messages/$management"],
    ["amqps://localhost/messages/events/$management", "messages/$management"],
    ["/Messages/Events", "messages"],
    // A Go client removes the last character, whatever it is.
    ["messages/events/", "messages/"],
    [
      "/messages/events/ConsumerGroups/$Default/Partitions/0",
      "messages/ConsumerGroups/$Default/Partitions/0",
    ],
  ])("%s is attached, then detached with the address to use", async (address, path) => {
    const hub = await createTestHub();
    const peer = await hub.amqp(plain(hub.policyToken("service"))).opened();
    for (const open of [() => peer.openReceiver(address), () => peer.openSender(address)]) {
      await expect(open()).rejects.toMatchObject({
        condition: REDIRECT,
        info: {
          hostname: HOST,
          "network-host": HOST,
          port: 5671,
          address: `amqps://${HOST}:5671/${path}`,
        },
      });
    }
    expect(peer.connection.is_open()).toBe(true);
  });

  it.each([
    ["alias.example", "alias.example"],
    ["ALIAS.example", "ALIAS.example"],
    ["elsewhere.example", HOST],
    ["", HOST],
  ])("is redirected from host name %o to %s", async (hostname, expected) => {
    const hub = await createTestHub();
    const peer = await hub.amqp({ ...plain(hub.policyToken("service")), hostname }).opened();
    await expect(peer.openReceiver("/messages/events")).rejects.toMatchObject({
      info: { hostname: expected, "network-host": expected },
    });
  });

  it("is redirected to an IPv6 host name with brackets in the address only", async () => {
    const hub = await createTestHub();
    const [clientEnd, hubEnd] = createDuplexPair();
    onTestFinished(() => {
      clientEnd.destroy();
    });
    serveAmqp(hubEnd, { ...hub.services, hubName: "::1" }, { port: 15_671 });
    const user = plain(hub.policyToken("service"));
    const peer = await new AmqpPeer(clientEnd, { ...user, hostname: "[::1]" }).opened();
    await expect(peer.openReceiver("/messages/events/$management")).rejects.toMatchObject({
      info: {
        hostname: "::1",
        "network-host": "::1",
        port: 15_671,
        address: "amqps://[::1]:15671/messages/$management",
      },
    });
  });

  // Rule policy-permissions.
  it.each([
    ["registryRead", "amqp:unauthorized-access"],
    ["registryReadWrite", "amqp:unauthorized-access"],
    ["device", "amqp:unauthorized-access"],
    ["service", REDIRECT],
    ["iothubowner", REDIRECT],
  ])("with policy %s is answered with %s", async (policy, condition) => {
    const { peer } = await connectTestService(policy);
    await expect(peer.openReceiver("/messages/events")).rejects.toMatchObject({ condition });
  });

  // Rule sas-scope. @azure/event-hubs 2.x and azure-event-hubs 0.2.x use such tokens.
  it("is redirected with a token for the link's own address, not for another", async () => {
    const hub = await createTestHub();
    const node = "messages/events/$management";
    const peer = await hub.amqp({ username: "anonymous" }).opened();
    const cbs = await peer.openCbs();
    const resource = `sb://${HOST}/${node}`;
    await cbs.putToken(resource, hub.policyToken("service", { resource }));
    await expect(peer.openReceiver(node)).rejects.toMatchObject({ condition: REDIRECT });
    for (const other of ["messages/events", "messages/events/ConsumerGroups/a/Partitions/0"]) {
      await expect(peer.openReceiver(other)).rejects.toMatchObject({
        condition: "amqp:unauthorized-access",
      });
    }
  });

  it("is refused to a device, and without a token", async () => {
    const hub = await createTestHub();
    const nobody = await hub.amqp().opened();
    const device = await hub.connectAmqpDevice();
    for (const peer of [nobody, device]) {
      await expect(peer.openReceiver("/messages/events")).rejects.toMatchObject({
        condition: "amqp:unauthorized-access",
      });
    }
  });

  it.each(["TLS", "WebSocket"] as const)(
    "over %s is redirected to the port of its connection, where events can be read",
    async (kind) => {
      const hub = await startHubForTest();
      const [port] = hub.ports;
      const peer = await connect(hub, kind);
      await expect(peer.openReceiver("/messages/events/$management")).rejects.toMatchObject({
        condition: REDIRECT,
        info: { port, address: `amqps://${HOST}:${port}/messages/$management` },
      });
      const again = await connect(hub, "TLS");
      await openPartition(again, { partitionId: "0" });
    },
  );
});
