"""Reads events from a time on, by the calls the az tool makes with its AMQP library.

Argument: the time, in milliseconds since the epoch.
"""

import sys

import hub
import uamqp

TIMEOUT_MS = 10000
# How long a partition may be silent before it counts as read.
SILENCE_MS = 2000


def text_of(value):
    return value.decode("utf-8") if isinstance(value, bytes) else value


def map_of(values):
    return {text_of(name): text_of(value) for name, value in (values or {}).items()}


def find_event_hub(own):
    """Asks the hub for its Event Hubs-compatible endpoint."""
    host, policy = own["host"], own["SharedAccessKeyName"]
    user = f"{policy}@sas.root.{host.split('.')[0]}"
    token = hub.sas_token(host, own)
    auth = uamqp.authentication.SASLPlain(host, user, token, port=own["port"])
    source = uamqp.address.Source(f"amqps://{host}/messages/events/$management")
    client = uamqp.ReceiveClient(source, auth=auth, timeout=TIMEOUT_MS, prefetch=1)
    try:
        client.open()
        client.receive_message_batch(max_batch_size=1, timeout=TIMEOUT_MS)
    except uamqp.errors.LinkRedirect as redirect:
        return redirect
    finally:
        client.close()
    raise RuntimeError("The hub did not redirect.")


def sign_in(own, host, port, entity):
    return uamqp.authentication.SASTokenAuth.from_shared_access_key(
        f"sb://{host}/{entity}", own["SharedAccessKeyName"], own["SharedAccessKey"], port=port
    )


def read_meta_data(auth, host, entity):
    client = uamqp.ReceiveClient(
        uamqp.address.Source(f"amqps://{host}/{entity}"), auth=auth, timeout=TIMEOUT_MS
    )
    try:
        client.open()
        response = client.mgmt_request(
            uamqp.Message(application_properties={b"name": entity.encode()}),
            b"READ",
            op_type=b"com.microsoft:eventhub",
            status_code_field=b"status-code",
            description_fields=b"status-description",
            timeout=TIMEOUT_MS,
        )
        return response.get_data()
    finally:
        client.close()


def read_partition(auth, host, entity, partition, since_ms):
    address = f"amqps://{host}/{entity}/ConsumerGroups/$Default/Partitions/{partition}"
    source = uamqp.address.Source(address)
    source.set_filter(f"amqp.annotation.x-opt-enqueuedtimeutc > {since_ms}".encode())
    client = uamqp.ReceiveClient(source, auth=auth, timeout=TIMEOUT_MS, prefetch=300)
    try:
        client.open()
        return client.receive_message_batch(max_batch_size=300, timeout=SILENCE_MS)
    finally:
        client.close()


def tell_event(message):
    hub.tell(
        "event",
        body=b"".join(message.get_data()).decode(),
        annotations=map_of(message.annotations),
        properties=map_of(message.application_properties),
        messageId=text_of(message.properties.message_id),
        contentType=text_of(message.properties.content_type),
    )


own = hub.service()
redirect = find_event_hub(own)
host, address, port = text_of(redirect.hostname), text_of(redirect.address), redirect.port
hub.tell("redirect", hostName=host, port=port, address=address)
entity = address.replace("amqps://", "").split("/")[1]
meta_data = read_meta_data(sign_in(own, host, port, entity), host, entity)
# Bytes, each of which the az tool decodes.
partitions = [name.decode() for name in meta_data[b"partition_ids"]]
hub.tell("eventHub", partitionCount=meta_data[b"partition_count"], partitionIds=partitions)
for partition in partitions:
    auth = sign_in(own, host, port, entity)
    for message in read_partition(auth, host, entity, partition, int(sys.argv[1])):
        tell_event(message)
hub.tell("end")
