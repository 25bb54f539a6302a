#!/bin/sh
# Fan-out in a pipeline: sensor readings come in as JSON lines; each one above the limit becomes a
# command to its device. Data travels on stdout, everything else on stderr, so the parts fit.
#
#   printf '%s\n' '{"device":"fan1","celsius":31}' | examples/pipeline.sh --local
#
# Arguments go to c2d-send: --local, or nothing when the environment names a hub in Azure.
set -eu

limit=30

# One line "device command" for each reading that calls for one.
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
