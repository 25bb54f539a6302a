"""A device: settles each message with the next of the outcomes it is given, then sends telemetry.

Arguments: how to sign in (PLAIN, CBS or EXTERNAL), then outcomes: accept, reject, release, modify.
"""

import sys

import amqp
import hub
from proton import Message


def main():
    mechanism, outcomes = sys.argv[1], sys.argv[2:]
    own = hub.device()
    path = f"/devices/{own['DeviceId']}/messages"
    connection = amqp.connect(own, mechanism, f"{own['host']}/devices/{own['DeviceId']}")
    receiver = connection.create_receiver(f"{path}/devicebound")

    for outcome in outcomes:
        message = receiver.receive()
        hub.tell(
            "message",
            messageId=message.id,
            correlationId=message.correlation_id,
            userId=bytes(message.user_id).decode(),
            contentType=message.content_type,
            to=message.address,
            deliveryCount=int(message.annotations["iothub-deliverycount"]),
            properties=message.properties,
            body=bytes(message.body).decode(),
        )
        settle = {
            "accept": receiver.accept,
            "reject": receiver.reject,
            "release": lambda: receiver.release(delivered=False),
            "modify": lambda: receiver.release(delivered=True),
        }
        settle[outcome]()

    receiver.link.drain(5)
    connection.wait(lambda: receiver.link.credit == 0, msg="draining")
    hub.tell("drained", waiting=receiver.fetcher.has_message)

    telemetry = Message(id="t1", properties={"k": "v"}, body=b'{"x":1}', inferred=True)
    telemetry.content_type = "application/json"
    connection.create_sender(f"{path}/events").send(telemetry)
    hub.tell("telemetry")
    connection.close()


# In a function: Proton tidies up noisily what lives until the interpreter ends.
main()
