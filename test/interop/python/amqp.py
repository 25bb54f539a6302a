"""AMQP 1.0 with Qpid Proton: signing in to the hub, and nothing else."""

import os

import hub
from proton import Message, SSLDomain
from proton.utils import BlockingConnection

TIMEOUT_SECONDS = 20


def connect(parts, mechanism, audience):
    """Signs in by PLAIN, by put-token on $cbs (CBS), or with a client certificate (EXTERNAL)."""
    token = None if mechanism == "EXTERNAL" else hub.sas_token(audience, parts)
    if mechanism == "PLAIN":
        credentials = {"user": user_name(parts), "password": token}
    else:
        credentials = {}
    connection = BlockingConnection(
        f"amqps://{parts['host']}:{parts['port']}",
        timeout=TIMEOUT_SECONDS,
        ssl_domain=trusting_domain(),
        reconnect=False,
        allowed_mechs="ANONYMOUS" if mechanism == "CBS" else mechanism,
        **credentials,
    )
    if mechanism == "CBS":
        put_token(connection, audience, token)
    return connection


def user_name(parts):
    hub_name = parts["host"].split(".")[0]
    if "DeviceId" in parts:
        return f"{parts['DeviceId']}@sas.{hub_name}"
    return f"{parts['SharedAccessKeyName']}@sas.root.{hub_name}"


def trusting_domain():
    domain = SSLDomain(SSLDomain.MODE_CLIENT)
    domain.set_trusted_ca_db(hub.ca_file())
    domain.set_peer_authentication(SSLDomain.VERIFY_PEER_NAME)
    certificate = os.environ.get("PATH_TO_CERTIFICATE_FILE")
    if certificate:
        domain.set_credentials(certificate, os.environ["PATH_TO_KEY_FILE"], None)
    return domain


def put_token(connection, audience, token):
    requests = connection.create_sender("$cbs")
    replies = connection.create_receiver("$cbs", credit=1)
    properties = {
        "operation": "put-token",
        "type": "servicebus.windows.net:sastoken",
        "name": audience,
    }
    requests.send(Message(id="token", reply_to="cbs", properties=properties, body=token))
    reply = replies.receive()
    replies.accept()
    if reply.correlation_id != "token" or reply.properties["status-code"] != 200:
        raise RuntimeError(f"put-token: {reply.properties}")
    requests.close()
    replies.close()
