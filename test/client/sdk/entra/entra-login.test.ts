import { readFileSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import type { EntraCredential } from "../../../../src/client/connection/service-sign-in.ts";
import { connectService } from "../../../../src/client/service/connect-service.ts";
import { startLocalHub } from "../../../../src/hub/local-hub.ts";
import { type AmqpScript, startScriptedAmqpHub } from "../../support/scripted-amqp-hub.ts";

async function connect(
  hub: { readonly hostName: string; readonly ca: string },
  credential: EntraCredential,
  connectTimeoutMs = 5000,
) {
  const connection = await connectService({
    signIn: { type: "entra", hostName: hub.hostName, credential },
    transport: "amqp",
    ca: hub.ca,
    connectTimeoutMs,
    onDisconnect: () => {},
  });
  onTestFinished(() => connection.close());
  return connection;
}

function giving(token: string): EntraCredential & { readonly scopes: unknown[] } {
  const scopes: unknown[] = [];
  return {
    scopes,
    getToken: (scope) => {
      scopes.push(scope);
      return Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 });
    },
  };
}

async function scripted(script?: AmqpScript) {
  const hub = await startScriptedAmqpHub(script);
  onTestFinished(() => hub.stop());
  return hub;
}

it("requests a token for IoT hubs, signs in with it, and sends", async () => {
  const hub = await scripted();
  const credential = giving("abc");
  const connection = await connect(hub, credential);
  await connection.send("d1", { system: {}, properties: {}, body: Buffer.from("x") });
  expect(hub.messages).toHaveLength(1);
  expect(new Set(credential.scopes)).toEqual(new Set(["https://iothubs.azure.net/.default"]));
});

it("is refused by a hub that accepts only keys, with the role as a hint", async () => {
  const hub = await startLocalHub();
  onTestFinished(() => hub.stop());
  const ca = readFileSync(hub.caFile, "utf8");
  await expect(connect({ hostName: hub.hostName, ca }, giving("abc"))).rejects.toMatchObject({
    name: "IotHubUnauthorized",
    hint: expect.stringContaining("IoT Hub Data Contributor"),
  });
});

it("can be refused on an open connection, with the role as a hint", async () => {
  const hub = await scripted({ refusesFeedback: true });
  const connection = await connect(hub, giving("abc"));
  await expect(connection.openFeedback(() => {})).rejects.toMatchObject({
    name: "IotHubUnauthorized",
    hint: expect.stringContaining("IoT Hub Data Contributor"),
  });
});

it("reports a missing credential before connecting", async () => {
  const hub = await scripted();
  const cause = new Error("az is not there");
  const failing = connect(hub, { getToken: () => Promise.reject(cause) });
  await expect(failing).rejects.toMatchObject({
    name: "CredentialUnavailable",
    hint: expect.stringMatching(/az login.*AZURE_TENANT_ID/),
    cause,
  });
  await expect(connect(hub, { getToken: () => Promise.resolve(null) })).rejects.toMatchObject({
    name: "CredentialUnavailable",
  });
  expect(hub.sockets).toHaveLength(0);
});

it("limits the wait for a token, and aborts it", async () => {
  const hub = await scripted();
  let signal: AbortSignal | undefined;
  const endless: EntraCredential = {
    getToken: (_scope, options) => {
      signal = options?.abortSignal;
      return new Promise(() => {});
    },
  };
  await expect(connect(hub, endless, 50)).rejects.toMatchObject({
    name: "ConnectTimeout",
    message: expect.stringContaining("Microsoft Entra ID"),
  });
  expect(signal?.aborted).toBe(true);
});
