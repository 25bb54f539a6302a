import { once } from "node:events";
import { expect, it } from "vitest";
import type { AmqpReceiver } from "../../support/amqp-peer.ts";
import { createTestHub, type TestHub } from "../../support/test-hub.ts";

const DEVICEBOUND = "/devices/device1/messages/devicebound";
const FEEDBACK = "/messages/serviceBound/feedback";

/** Signs in with a policy that allows every link. */
async function openLink(hub: TestHub, address: string): Promise<AmqpReceiver> {
  const { peer } = await hub.connectService("iothubowner");
  return peer.openReceiver(address, { credit_window: 0 });
}

/** Grants credit in drain mode. */
async function drain({ link }: AmqpReceiver, credit: number): Promise<void> {
  const drained = once(link, "receiver_drained");
  link.add_credit(credit);
  link.drain_credit();
  await drained;
}

// Qpid's clients drain a link to find out whether it is empty.
it.each([DEVICEBOUND, FEEDBACK])(
  "draining %s uses up the credit when nothing is available",
  async (address) => {
    const hub = await createTestHub();
    const receiver = await openLink(hub, address);
    await drain(receiver, 5);
    expect(creditOf(receiver)).toBe(0);
  },
);

it("a device that drains its link gets its queued messages", async () => {
  const hub = await createTestHub();
  for (const messageId of ["m1", "m2"]) await hub.send({ messageId });
  const receiver = await openLink(hub, DEVICEBOUND);
  await drain(receiver, 5);
  const received = [await receiver.next(), await receiver.next()];
  expect(received.map(({ message }) => message.message_id)).toEqual(["m1", "m2"]);
  expect(creditOf(receiver)).toBe(0);
});

it("a message enqueued after a drain waits for new credit", async () => {
  const hub = await createTestHub();
  const receiver = await openLink(hub, DEVICEBOUND);
  await drain(receiver, 5);
  await hub.send({ messageId: "m1" });
  expect(hub.log.of("delivered")).toEqual([]);
  receiver.link.drain = false;
  receiver.link.add_credit(1);
  expect((await receiver.next()).message.message_id).toBe("m1");
});

/** rhea's types omit the credit. */
function creditOf({ link }: AmqpReceiver): number {
  return (link as AmqpReceiver["link"] & { readonly credit: number }).credit;
}
