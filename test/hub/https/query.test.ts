import { describe, expect, test } from "vitest";
import { createTestHub, type TestHub } from "../../support/test-hub.ts";

async function query(
  hub: TestHub,
  text: unknown,
  { headers = {}, policy = "service" }: { headers?: Record<string, string>; policy?: string } = {},
) {
  const response = await hub.https(
    "POST",
    "/devices/query?api-version=x",
    hub.policyToken(policy),
    {
      body: { query: text },
      headers,
    },
  );
  return {
    status: response.status,
    headers: response.headers,
    body: JSON.parse(response.body.toString()),
  };
}

const ALL = "select * from devices";

describe("rule https-query", () => {
  test("lists devices as twins", async () => {
    const hub = await createTestHub();
    const { status, headers, body } = await query(hub, "SELECT  * FROM Devices");
    expect(status).toBe(200);
    expect(headers).toMatchObject({ "x-ms-item-type": "Twin" });
    // The Node.js SDK continues as long as the header exists, even if it is empty.
    expect(headers).not.toHaveProperty("x-ms-continuation");
    expect(body).toMatchObject([
      {
        deviceId: "device1",
        deviceEtag: hub.registry.get("device1").etag,
        authenticationType: "sas",
        connectionState: "Disconnected",
        properties: { desired: { $version: 1 }, reported: { $version: 1 } },
      },
      { deviceId: "device2" },
    ]);
    expect(JSON.stringify(body)).not.toContain("symmetricKey");
  });

  test("returns each device once across pages", async () => {
    const devices = Array.from({ length: 7 }, (_, n) => `d${n}`);
    const hub = await createTestHub({ devices });
    const seen: string[] = [];
    let continuation: string | undefined = "";
    do {
      const page: Awaited<ReturnType<typeof query>> = await query(hub, ALL, {
        headers: { "x-ms-max-item-count": "3", "x-ms-continuation": continuation },
      });
      seen.push(...page.body.map(({ deviceId }: { deviceId: string }) => deviceId));
      continuation = page.headers["x-ms-continuation"]?.toString();
    } while (continuation !== undefined);
    expect(seen).toEqual(devices);
  });

  test.each([
    ["-1", 200],
    ["1000", 200],
    ["1001", 400],
    ["0", 400],
    ["x", 400],
  ])("a page size of %s gets %i", async (size, status) => {
    const hub = await createTestHub();
    const headers = { "x-ms-max-item-count": size };
    expect((await query(hub, ALL, { headers })).status).toBe(status);
  });

  test.each(["select * from devices where status = 'enabled'", "select 1", "", 7])(
    "the query %j is refused",
    async (text) => {
      const hub = await createTestHub();
      const { status, body } = await query(hub, text);
      expect(status).toBe(400);
      expect(body.Message).toMatch(/^ErrorCode:ArgumentInvalid;/);
    },
  );

  test.each([
    ["iothubowner", 200],
    ["service", 200],
    ["registryRead", 200],
    ["registryReadWrite", 200],
    ["device", 401],
  ])("policy %s gets %i", async (policy, status) => {
    const hub = await createTestHub();
    expect((await query(hub, ALL, { policy })).status).toBe(status);
  });
});
