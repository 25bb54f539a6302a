import { describe, expect, it } from "vitest";
import { parseRedirect } from "../../../src/client/connection/event-hub-address.ts";

function redirect(info: object) {
  return { condition: "amqp:link:redirect", description: "elsewhere", info };
}

describe("parseRedirect", () => {
  it("parses Azure's answer, with the default AMQP port", () => {
    const answer = redirect({
      hostname: "ihsuprodbyres001dednamespace.servicebus.windows.net",
      "network-host": "ihsuprodbyres001dednamespace.servicebus.windows.net",
      port: 5671,
      address:
        "amqps://ihsuprodbyres001dednamespace.servicebus.windows.net:5671/iothub-ehub-hub-1-abc/$management",
    });
    expect(parseRedirect(answer)).toEqual({
      host: "ihsuprodbyres001dednamespace.servicebus.windows.net",
      entityPath: "iothub-ehub-hub-1-abc",
    });
  });

  it("uses the port of the answer", () => {
    const answer = redirect({
      hostname: "localhost",
      port: 8883,
      address: "amqps://localhost:8883/messages/$management",
    });
    expect(parseRedirect(answer)).toEqual({
      host: "localhost",
      port: 8883,
      entityPath: "messages",
    });
  });

  it.each([
    ["no answer", undefined],
    [
      "another condition",
      { condition: "amqp:not-found", info: { hostname: "a", address: "amqps://a/b" } },
    ],
    ["no info", { condition: "amqp:link:redirect" }],
    ["no host", redirect({ address: "amqps://a/b/$management" })],
    ["no address", redirect({ hostname: "a" })],
    ["an address without event hub", redirect({ hostname: "a", address: "amqps://a:5671/" })],
  ])("is undefined for %s", (_what, answer) => {
    expect(parseRedirect(answer)).toBeUndefined();
  });
});
