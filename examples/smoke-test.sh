#!/bin/sh
# Smoke test: a cloud-to-device message reaches its device unchanged, and the hub confirms it.
#
# By default it runs against a local hub. With both connection strings in the environment it runs
# against Azure IoT Hub:
#   IOTHUB_CONNECTION_STRING         policy "service" is enough
#   IOTHUB_DEVICE_CONNECTION_STRING  a device only for this test: listening disconnects the real one
# Exits with 0, or with the exit code of the command that failed.
set -eu

limit="${SMOKE_TEST_TIMEOUT:-60s}"
work="$(mktemp -d)"
body="smoke test $$ $(date -u +%Y-%m-%dT%H:%M:%SZ)"
id="smoke-$$-$(date +%s)"
listener=""

clean_up() {
  code=$?
  trap - EXIT INT TERM
  if [ -n "$listener" ]; then kill "$listener" 2>/dev/null || true; fi
  if [ "$where" = "--local" ]; then c2d-hub stop --quiet >/dev/null || true; fi
  if [ "$code" -ne 0 ]; then
    echo "SMOKE TEST FAILED with exit code $code" >&2
    sed 's/^/  listen: /' "$work/listen.log" "$work/received.ndjson" >&2 2>/dev/null || true
  fi
  rm -rf "$work"
  exit "$code"
}

where="--local"
if [ -n "${IOTHUB_CONNECTION_STRING:-}" ]; then
  where=""
else
  # A separate local hub: one that is already running is left alone.
  C2D_HOME="$work/hub"
  export C2D_HOME
fi
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

c2d-device listen $where --timeout "$limit" --output json --ready-file "$work/ready" \
  >"$work/received.ndjson" 2>"$work/listen.log" &
listener=$!

# Wait until it has subscribed. A listener that cannot connect fails at once, not after the limit.
while [ ! -e "$work/ready" ]; do
  kill -0 "$listener" 2>/dev/null || wait "$listener"
  sleep 0.1
done

# The device settles a message after printing it: Success means that it was received and written.
c2d-send $where --message-id "$id" --data "$body" --ack full --wait --timeout "$limit"

kill -INT "$listener"
wait "$listener"
listener=""

grep -F "\"messageId\":\"$id\"" "$work/received.ndjson" | grep -qF "\"body\":\"$body\"" || {
  echo "The message was settled, but the device did not print it." >&2
  exit 1
}
echo "SMOKE TEST PASSED: $id"
