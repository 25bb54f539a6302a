import type { RegisteredDevice } from "../../../client/registry/registered-device.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { toAuthMethod } from "../registry/auth-method.ts";

const HEAD = ["DEVICE", "STATUS", "CONNECTION", "MESSAGES", "AUTH METHOD"] as const;

export function formatDeviceTable(devices: readonly RegisteredDevice[]): string {
  const rows = [HEAD, ...devices.map(toRow)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

function toRow(device: RegisteredDevice): readonly string[] {
  const { deviceId, status, connectionState, cloudToDeviceMessageCount, authentication } = device;
  const method = authentication && toAuthMethod(authentication.type);
  return [deviceId, status, connectionState, cloudToDeviceMessageCount, method].map((value) =>
    value === undefined ? "-" : escapeLine(String(value)),
  );
}
