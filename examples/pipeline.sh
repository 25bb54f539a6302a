#!/bin/sh
# A pipeline: reads sensor readings as JSON lines, and sends a command to the device of each reading
# above the limit. Data goes to stdout, everything else to stderr.
#
#   printf '%s\n' '{"device":"fan1","celsius":31}' | examples/pipeline.sh --local
#
# Arguments are passed to c2d-send: --local, or none if the environment names a hub in Azure.
set -eu

limit=30

# Prints one line "device command" for each reading above the limit.
decide() {
  node -e '
    const limit = Number(process.argv[1]);
    const readings = require("node:readline").createInterface({ input: process.stdin });
    readings.on("line", (line) => {
      const { device, celsius } = JSON.parse(line);
      if (celsius > limit) console.log(`${device} ${JSON.stringify({ fan: celsius - limit })}`);
    });
  ' "$limit"
}

commands="$(decide)"
sent=0
while read -r device command; do
  [ -n "$device" ] || continue
  c2d-send "$@" --quiet --device-id "$device" --data "$command" --content-type application/json \
    --property source=pipeline --expiry 10m --output json </dev/null | grep '"type":"sent"'
  sent=$((sent + 1))
done <<EOF
$commands
EOF
echo "commands sent: $sent" >&2
