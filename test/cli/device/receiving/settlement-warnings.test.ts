import { expect, test } from "vitest";
import { SettlementWarnings } from "../../../../src/cli/device/receiving/settlement-warnings.ts";
import type { Reporter } from "../../../../src/cli/terminal/reporter.ts";
import { ClientError } from "../../../../src/client/errors/client-error.ts";

test("each cause is one warning for each connection", () => {
  const warned: string[] = [];
  const details: string[] = [];
  const reporter: Pick<Reporter, "warn" | "detail"> = {
    warn: (text) => void warned.push(text),
    detail: (text) => void details.push(text),
  };
  const warnings = new SettlementWarnings(reporter);
  const lost = new ClientError("ConnectionLost", "The connection closed.");
  const expired = new ClientError("DeviceMessageLockLost", "The lock expired.");
  for (const error of [lost, lost, expired, lost]) warnings.report(error, "complete");
  const text = (reason: string): string =>
    `a message could not be acknowledged: ${reason}; the hub delivers it again`;
  expect(warned).toEqual([text("the connection was lost"), text("its lock had expired")]);
  expect(details).toHaveLength(2);
  warnings.reset();
  warnings.report(new Error("broken\nerror: fake"), "reject");
  warnings.report(lost, "complete");
  expect(warned.slice(2)).toEqual([
    "a message could not be rejected: broken\\nerror: fake; the hub delivers it again",
    text("the connection was lost"),
  ]);
});
