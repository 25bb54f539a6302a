"""Sends a message to a device and waits for its feedback, with uamqp.

Argument: whose calls to make, those of `az iot` (PLAIN) or of azure-iot-hub (a token on $cbs). Both
go to port 5671; the port of the hub is named here, so that it may be another.
"""

import json
import sys
from collections import namedtuple

import hub
import uamqp
from uamqp import authentication

# As azure.core.credentials has it.
AccessToken = namedtuple("AccessToken", ["token", "expires_on"])

own = hub.service()
host = own["host"]


def plain():
    """As az_iot.monitor.builders.hub_target_builder builds `amqps://user:password@host`."""
    user = f"{own['SharedAccessKeyName']}@sas.root.{host.split('.')[0]}"
    return authentication.SASLPlain(host, user, hub.sas_token(host, own), port=own["port"])


def token_on_cbs():
    """As azure.iot.hub.iothub_amqp_client makes it."""

    def get_token():
        return AccessToken(hub.sas_token(host, own), hub.expiry())

    auth = authentication.JWTTokenAuth(
        audience="https://" + host,
        uri="https://" + host,
        get_token=get_token,
        token_type=b"servicebus.windows.net:sastoken",
        port=own["port"],
    )
    auth.update_token()
    return auth


sign_in = {"az": plain, "azure-iot-hub": token_on_cbs}[sys.argv[1]]
device_id = hub.device()["DeviceId"]

properties = uamqp.message.MessageProperties()
properties.to = f"/devices/{device_id}/messages/devicebound"
properties.message_id = "m1"
properties.content_encoding = "utf-8"
message = uamqp.Message(
    body=b"hello",
    properties=properties,
    application_properties={"iothub-ack": "full", "color": "red"},
)
sender = uamqp.SendClient(target=f"amqps://{host}/messages/devicebound", auth=sign_in())
sender.queue_message(message)
hub.tell("sent", states=[state.name for state in sender.send_all_messages()])

receiver = uamqp.ReceiveClient(f"amqps://{host}/messages/servicebound/feedback", auth=plain())
for batch in receiver.receive_messages_iter():
    hub.tell("feedback", records=json.loads(next(batch.get_data())))
    batch.accept()
    break
receiver.close()
