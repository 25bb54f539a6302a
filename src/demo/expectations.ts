/** What the two processes must have shown for the demo to have worked. */

interface Ended {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
}

/** Names everything that is missing; empty when all of it is there. */
export function findMissing(device: Ended, sender: Ended): string[] {
  const received = device.lines.join("\n");
  const sent = sender.lines.join("\n");
  const wanted: readonly (readonly [what: string, isThere: boolean])[] = [
    ["exit code 0 of c2d-device", device.exitCode === 0],
    ["exit code 0 of c2d-send", sender.exitCode === 0],
    ...[0, 1].flatMap((n): [string, boolean][] => [
      [
        `message id message_${n}_… at the device`,
        new RegExp(`message_${n}_[0-9a-f]{8}`).test(received),
      ],
      [`property PropMsg_${n} at the device`, received.includes(`PropMsg_${n}`)],
    ]),
    [
      "two bodies at the device",
      count(received, /"service client sent a message": \d+\.\d\d/g) === 2,
    ],
    ["two records of Success at the service", count(sent, /\bSuccess\b/g) >= 2],
  ];
  return wanted.filter(([, isThere]) => !isThere).map(([what]) => what);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
