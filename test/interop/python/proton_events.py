"""Reads a partition of the event hub from a selector's position to its end.

Arguments: how to sign in (PLAIN or CBS), the partition, and a selector, or nothing for all.
"""

import sys

import amqp
import hub
from proton import Message
from proton.reactor import Selector

SELECTOR = "apache.org:selector-filter:string"

mechanism, partition_id, selectors = sys.argv[1], sys.argv[2], sys.argv[3:]
own = hub.events()
entity = own["EntityPath"]
audience = f"sb://{own['host']}/{entity}" if mechanism == "CBS" else own["host"]
connection = amqp.connect(own, mechanism, audience)

requests = connection.create_sender(f"{entity}/$management")
replies = connection.create_receiver(f"{entity}/$management", credit=1)
properties = {"operation": "READ", "type": "com.microsoft:eventhub", "name": entity}
requests.send(Message(id="read", properties=properties))
description = replies.receive().body
partition_ids = list(description["partition_ids"].elements)
hub.tell("eventHub", name=description["name"], partitionIds=partition_ids)

receiver = connection.create_receiver(
    f"{entity}/ConsumerGroups/$Default/Partitions/{partition_id}",
    credit=0,
    options=[Selector(selector, SELECTOR) for selector in selectors],
)
receiver.link.drain(100)
connection.wait(lambda: receiver.link.credit == 0, msg="draining")
while receiver.fetcher.has_message:
    event = receiver.fetcher.pop()
    hub.tell(
        "event",
        deviceId=event.annotations["iothub-connection-device-id"],
        sequenceNumber=int(event.annotations["x-opt-sequence-number"]),
    )
connection.close()
