"""What these programs share: the variables of `c2d-hub env`, SAS tokens, and JSON lines on stdout."""

import base64
import hashlib
import hmac
import json
import os
import time
from urllib.parse import quote_plus, urlencode, urlsplit


def connection_string(variable):
    """The parts of a connection string, with its host and port."""
    text = os.environ[variable]
    parts = dict(part.split("=", 1) for part in text.split(";") if part)
    address = parts["Endpoint"] if "Endpoint" in parts else "//" + parts["HostName"]
    url = urlsplit(address)
    return {**parts, "host": url.hostname, "port": url.port}


def device():
    return connection_string("IOTHUB_DEVICE_CONNECTION_STRING")


def service():
    return connection_string("IOTHUB_CONNECTION_STRING")


def events():
    return connection_string("EVENTHUB_CONNECTION_STRING")


def ca_file():
    return os.environ["IOTHUB_CA_FILE"]


def expiry():
    """In an hour, in seconds since the epoch."""
    return int(time.time()) + 3600


def sas_token(uri, parts):
    """As Microsoft's guide "Control access to IoT Hub with shared access signatures" makes it."""
    end = str(expiry())
    to_sign = (quote_plus(uri) + "\n" + end).encode()
    digest = hmac.new(base64.b64decode(parts["SharedAccessKey"]), to_sign, hashlib.sha256).digest()
    token = {"sr": uri, "sig": base64.b64encode(digest), "se": end}
    if "SharedAccessKeyName" in parts:
        token["skn"] = parts["SharedAccessKeyName"]
    return "SharedAccessSignature " + urlencode(token)


def tell(kind, **fields):
    print(json.dumps({"type": kind, **fields}), flush=True)
