export interface Ended {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
}

export interface Processes {
  readonly create: Ended;
  readonly listen: Ended;
  readonly send: Ended;
  readonly telemetry: Ended;
  readonly monitor: Ended;
}

type Expectations = readonly (readonly [what: string, isPresent: boolean])[];

export function findMissing(processes: Processes, deviceId: string): string[] {
  const codes = Object.entries(processes).map(
    ([name, { exitCode }]) => [`exit code 0 of ${name}`, exitCode === 0] as const,
  );
  const expectations: Expectations = [
    ...codes,
    ...ofIdentity(textOf(processes.create), deviceId),
    ...ofMessages(textOf(processes.listen), textOf(processes.send)),
    ...ofTelemetry(textOf(processes.telemetry), textOf(processes.monitor), deviceId),
  ];
  return expectations.filter(([, isPresent]) => !isPresent).map(([what]) => what);
}

function ofIdentity(created: string, deviceId: string): Expectations {
  return [
    ["the device's identity", new RegExp(`deviceId +[=:] ${deviceId}$`, "m").test(created)],
    ["the device's connection string", created.includes(`DeviceId=${deviceId};`)],
  ];
}

function ofMessages(received: string, sent: string): Expectations {
  return [
    ...[0, 1].flatMap(
      (n): Expectations => [
        [
          `message id message_${n}_… at the device`,
          new RegExp(`message_${n}_[0-9a-f]{8}`).test(received),
        ],
        [`property PropMsg_${n} at the device`, received.includes(`PropMsg_${n}`)],
      ],
    ),
    [
      "two bodies at the device",
      count(received, /"service client sent a message": \d+\.\d\d/g) === 2,
    ],
    ["two feedback records of Success at the service", count(sent, /\bSuccess\b/g) >= 2],
  ];
}

function ofTelemetry(confirmed: string, monitored: string, deviceId: string): Expectations {
  const body = new RegExp(`"deviceId": ?"${deviceId}", ?"windSpeed": ?\\d+\\.\\d\\d`, "g");
  return [
    ["two confirmations at the device", confirmed.includes("Total calls confirmed: 2")],
    ["two events at the monitor", count(monitored, body) === 2],
    ...[0, 1].flatMap(
      (n): Expectations => [
        [`property PropMsg_${n} at the monitor`, monitored.includes(`PropMsg_${n}`)],
      ],
    ),
  ];
}

function textOf({ lines }: Ended): string {
  return lines.join("\n");
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
