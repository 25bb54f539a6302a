import { once } from "node:events";
import { type EventContext, message, type Receiver, type Sender } from "rhea";
import { expect, it } from "vitest";
import { allowSameNamedLinks } from "../../../src/hub/amqp/rhea/allow-same-named-links.ts";
import { connectTestService } from "../../support/test-hub.ts";

const NAME = "messages";
const DEVICEBOUND = "/devices/device1/messages/devicebound";

/** Two links with the same name; the test's own rhea needs the patch too. */
async function openLinks(): Promise<{ readonly sender: Sender; readonly receiver: Receiver }> {
  const { peer } = await connectTestService("iothubowner");
  const session = peer.connection.create_session();
  allowSameNamedLinks(session);
  session.begin();
  const sender = session.open_sender({ name: NAME, target: "/messages/devicebound" });
  await once(sender, "sendable");
  const receiver = session.open_receiver({ name: NAME, source: DEVICEBOUND });
  await once(receiver, "receiver_open");
  return { sender, receiver };
}

async function send(sender: Sender, messageId: string): Promise<void> {
  const body = message.data_section(Buffer.from("x"));
  sender.send({ message_id: messageId, to: DEVICEBOUND, body });
  await once(sender, "accepted");
}

/** The id of the next message. */
async function receive(receiver: Receiver): Promise<unknown> {
  const [{ message: received }] = (await once(receiver, "message")) as [EventContext];
  return received?.message_id;
}

// Qpid Proton names a link after its address.
// Rule amqp-links.
it("two links of different direction may have the same name", async () => {
  const { sender, receiver } = await openLinks();
  const received = receive(receiver);
  await send(sender, "m1");
  expect(await received).toBe("m1");
});

it("closing one leaves the other open and frees the name", async () => {
  const { sender, receiver } = await openLinks();
  receiver.close();
  await once(receiver, "receiver_close");
  await send(sender, "m1");
  const next = sender.session.open_receiver({ name: NAME, source: DEVICEBOUND });
  expect(await receive(next)).toBe("m1");
});
