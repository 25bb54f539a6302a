import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { describeGap } from "../../../../src/cli/hub/monitor-events/event-format.ts";
import { EventPrinter } from "../../../../src/cli/hub/monitor-events/event-printer.ts";
import type { OutputFormat } from "../../../../src/cli/program/output-format.ts";
import { StreamOutput } from "../../../../src/cli/terminal/output.ts";
import { Redactor } from "../../../../src/cli/terminal/redactor.ts";
import { Reporter } from "../../../../src/cli/terminal/reporter.ts";

const SAYS = "12 events of partition 0 not shown: no longer in the hub";

async function printGap(format: OutputFormat) {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const stdout = new StreamOutput(streams.stdout, "stdout");
  const stderr = new StreamOutput(streams.stderr, "stderr");
  const looks = { isJson: false, isQuiet: false, isVerbose: false, colorLevel: 0 } as const;
  const reporter = new Reporter(stderr, new Redactor(), looks);
  const printer = new EventPrinter(format, { stdout, env: {}, isColorDisabled: true, reporter });
  await printer.printGap({ partitionId: "0", missing: 12 });
  return { stdout: `${streams.stdout.read() ?? ""}`, stderr: `${streams.stderr.read() ?? ""}` };
}

test("a gap is data in JSON and among text", async () => {
  const json = '{"type":"gap","partitionId":"0","missing":12}\n';
  expect(await printGap({ type: "json" })).toEqual({ stdout: json, stderr: "" });
  expect(await printGap({ type: "text" })).toEqual({ stdout: `(${SAYS})\n`, stderr: "" });
});

test.each([
  { type: "raw", separator: "" } as const,
  { type: "template", fill: () => "x\n" } as const,
])("a gap cannot be taken for data with %j", async (format) => {
  expect(await printGap(format)).toEqual({ stdout: "", stderr: `warning: ${SAYS}\n` });
});

test("the partition id is escaped", () => {
  expect(describeGap({ partitionId: "0\u001b[31m", missing: 1 })).not.toContain("\u001b");
});
