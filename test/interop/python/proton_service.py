"""A service: sends a message to each device named, and waits for the feedback of each.

Arguments: how to sign in (PLAIN or CBS), then device ids.
"""

import json
import sys
import time

import amqp
import hub
from proton import Message
from proton.utils import SendException

mechanism, devices = sys.argv[1], sys.argv[2:]
own = hub.service()
connection = amqp.connect(own, mechanism, own["host"])
feedback = connection.create_receiver("/messages/serviceBound/feedback", credit=10)
sender = connection.create_sender("/messages/devicebound")
awaited = set()

for number, device_id in enumerate(devices):
    message = Message(
        id=f"m{number}",
        correlation_id=f"c{number}",
        address=f"/devices/{device_id}/messages/devicebound",
        user_id=b"me",
        content_type="application/json",
        content_encoding="utf-8",
        expiry_time=time.time() + 60,
        properties={"iothub-ack": "full", "color": "grün"},
        body=f'{{"n":{number}}}'.encode(),
        inferred=True,
    )
    try:
        sender.send(message)
        awaited.add(message.id)
        hub.tell("sent", messageId=message.id)
    except SendException as refused:
        hub.tell("refused", messageId=message.id, state=str(refused.state))

while awaited:
    batch = feedback.receive()
    feedback.accept()
    records = json.loads(bytes(batch.body))
    awaited -= {record["originalMessageId"] for record in records}
    hub.tell("feedback", contentType=batch.content_type, records=records)
connection.close()
