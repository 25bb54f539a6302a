"""A device on MQTT itself, after Microsoft's guide "Communicate with an IoT hub using the MQTT protocol".

Arguments: a transport (tcp or websockets), and how many messages to receive before it ends.
"""

import os
import ssl
import sys

import hub
from paho.mqtt import client as mqtt

transport, count = sys.argv[1], int(sys.argv[2])
own = hub.device()
device_id = own["DeviceId"]
devicebound = f"devices/{device_id}/messages/devicebound/#"
certificate = os.environ.get("PATH_TO_CERTIFICATE_FILE")
received = 0
telemetry = None


def on_connect(client, userdata, flags, rc):
    hub.tell("connected", rc=rc, sessionPresent=flags["session present"])
    if rc == 0:
        client.subscribe([(devicebound, 1), ("$iothub/twin/res/#", 0)])


def on_subscribe(client, userdata, mid, granted_qos):
    hub.tell("subscribed", qos=list(granted_qos))
    client.publish("$iothub/twin/GET/?$rid=7", " ")


def on_message(client, userdata, message):
    global received, telemetry
    hub.tell("message", topic=message.topic, body=message.payload.decode(), qos=message.qos)
    received += message.topic.startswith("devices/")
    if received == count:
        bag = "%24.mid=m1&%24.cid=c1&%24.ct=application%2Fjson&%24.ce=utf-8&k=v%2F1"
        topic = f"devices/{device_id}/messages/events/{bag}"
        telemetry = client.publish(topic, '{"id":123}', qos=1).mid


def on_publish(client, userdata, mid):
    # Not in on_message: Paho acknowledges a message behind it.
    if mid == telemetry:
        client.disconnect()


def on_disconnect(client, userdata, rc):
    hub.tell("disconnected", rc=rc)
    sys.exit(0 if rc == 0 else 1)


client = mqtt.Client(client_id=device_id, clean_session=False, protocol=mqtt.MQTTv311, transport=transport)
client.on_connect = on_connect
client.on_disconnect = on_disconnect
client.on_message = on_message
client.on_publish = on_publish
client.on_subscribe = on_subscribe
client.username_pw_set(
    username=f"{own['host']}/{device_id}/?api-version=2021-04-12",
    password=None if certificate else hub.sas_token(f"{own['host']}/devices/{device_id}", own),
)
client.tls_set(
    ca_certs=hub.ca_file(),
    certfile=certificate,
    keyfile=os.environ.get("PATH_TO_KEY_FILE"),
    cert_reqs=ssl.CERT_REQUIRED,
    tls_version=ssl.PROTOCOL_TLSv1_2,
)
client.tls_insecure_set(False)
if transport == "websockets":
    client.ws_set_options(path="/$iothub/websocket")
client.connect(own["host"], port=own["port"])
client.loop_forever()
