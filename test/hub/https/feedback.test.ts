import { describe, expect, test } from "vitest";
import { createTestHub, devicebound, type TestHub } from "../../support/test-hub.ts";

const PATH = "/messages/serviceBound/feedback";

/** A hub with one batch of feedback. */
async function hubWithFeedback(): Promise<TestHub> {
  const hub = await createTestHub();
  await hub.send({ messageId: "m1", ack: "full" });
  const { peer } = await hub.connectDevice();
  await peer.subscribe(devicebound());
  peer.acknowledge(await peer.nextPublish());
  await hub.log.reached("feedback");
  hub.clock.advance(hub.settings.feedback.intervalMs);
  return hub;
}

function call(hub: TestHub, method: "GET" | "DELETE" | "POST", path: string, policy = "service") {
  return hub.https(method, `${path}?api-version=x`, hub.policyToken(policy));
}

describe("rule https-feedback", () => {
  test("GET locks and returns a batch; DELETE completes it", async () => {
    const hub = await hubWithFeedback();
    const got = await call(hub, "GET", PATH.toLowerCase());
    expect(got.status).toBe(200);
    expect(got.headers["content-type"]).toBe("application/vnd.microsoft.iothub.feedback.json");
    expect(JSON.parse(got.body.toString())).toMatchObject([
      { originalMessageId: "m1", deviceId: "device1", statusCode: "Success" },
    ]);
    expect((await call(hub, "GET", PATH)).status).toBe(204);
    const lock = String(got.headers.etag).replaceAll('"', "");
    expect((await call(hub, "DELETE", `${PATH}/${lock}`)).status).toBe(204);
    hub.clock.advance(hub.settings.feedback.lockTimeoutMs);
    expect((await call(hub, "GET", PATH)).status).toBe(204);
  });

  test("POST /abandon requeues a batch at once; so does the expiry of its lock", async () => {
    const hub = await hubWithFeedback();
    const first = await call(hub, "GET", PATH);
    const lock = String(first.headers.etag).replaceAll('"', "");
    expect((await call(hub, "POST", `${PATH}/${lock}/abandon`)).status).toBe(204);
    const second = await call(hub, "GET", PATH);
    expect(second.status).toBe(200);
    hub.clock.advance(hub.settings.feedback.lockTimeoutMs);
    expect((await call(hub, "GET", PATH)).status).toBe(200);
    const lost = String(second.headers.etag).replaceAll('"', "");
    const late = await call(hub, "DELETE", `${PATH}/${lost}`);
    expect(late.status).toBe(412);
    expect(late.headers["iothub-errorcode"]).toBe("DeviceMessageLockLost");
  });

  test.each([
    ["iothubowner", 200],
    ["device", 401],
    ["registryRead", 401],
    ["registryReadWrite", 401],
  ])("policy %s gets %i", async (policy, status) => {
    const hub = await hubWithFeedback();
    expect((await call(hub, "GET", PATH, policy)).status).toBe(status);
  });
});
