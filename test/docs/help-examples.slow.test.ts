/** Runs every example in any `--help` as shown, in order, with a new home for each executable. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readAllHelp } from "./help.ts";
import { PageShell, type RunningScript } from "./page-shell.ts";

const TEXTS = (await readAllHelp()).map(({ name, text }) => ({
  executable: name.split(" ")[0] ?? "",
  examples: [...text.matchAll(/^ {2}\$ ((?:.*\\\n)*.+)$/gm)].map(([, line = ""]) => line),
}));

/** Each example once, even if shown several times. */
const EXAMPLES = ["c2d-device", "c2d-send", "c2d-hub"].map((executable) => ({
  executable,
  examples: [
    ...new Set(
      TEXTS.filter((text) => text.executable === executable).flatMap(({ examples }) => examples),
    ),
  ],
}));

/** Not run, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "| Out-String | Invoke-Expression": "needs PowerShell",
  "--auth-type login": "needs a hub in Azure and somebody who is logged in there",
};

/** What an example needs in order to work. */
interface Stage {
  /** Run to its end before the example. */
  readonly before?: string;
  /** Runs alongside, ready before the example starts. */
  readonly beside?: string;
  /** Run to its end once the example is ready. */
  readonly afterwards?: string;
  /** What says that it is. */
  readonly ready?: string;
  /** The example runs until Ctrl-C, sent once this has been printed. */
  readonly until?: string;
  /** Default 0. The last command of a pipeline may be one that Ctrl-C kills: 130. */
  readonly code?: number;
}

const SEND = "c2d-send --local -q --data hello";
const LISTEN = "c2d-device listen --local";
const TELEMETRY = "c2d-device telemetry --local -q --count 1";
const NEED_DEVICE2 = "c2d-hub device create --local -d device2 --if-not-exists";
const NO_DEVICE = "for id in device2 device3; do c2d-hub device delete --local -d $id; done; true";

/** By a part of the example; the first match counts. */
const STAGES: readonly (readonly [RegExp, Stage])[] = [
  [
    /^c2d-device listen .*--exec/,
    { before: "c2d-hub purge --local -d device1", until: "Waiting for C2D messages" },
  ],
  [/^c2d-device listen .*jq/, { before: SEND, until: "hello", code: 130 }],
  [/^c2d-device listen .*c2d-send/, { before: SEND, until: "Sending message", code: 130 }],
  [/^c2d-device listen .*(--count|--idle-timeout)/, { before: SEND }],
  [/^(mkdir .* )?c2d-device listen/, { until: "Waiting for C2D messages" }],
  [/^c2d-device telemetry .*(--count|-c )/, {}],
  [/^c2d-device telemetry/, { until: "Total calls confirmed: 1" }],
  [
    /^tail -f .*--lines/,
    { before: "echo started > app.log", until: "Sending message: 0", code: 130 },
  ],
  [/^c2d-send .*--wait/, { beside: LISTEN }],
  [/^c2d-hub start .*-o json/, { before: "c2d-hub stop", until: '"type":"hub"' }],
  [/^c2d-hub start/, { before: "c2d-hub stop", until: "Local hub ready" }],
  [/^c2d-hub logs .*-f/, { before: SEND, ready: "Following", afterwards: SEND, until: "hello" }],
  [/^c2d-hub (status|env|ui)|hub env\)/, { before: SEND }],
  [
    /^c2d-hub device create .*c2d-device listen/,
    { before: NO_DEVICE, until: "Waiting for C2D messages" },
  ],
  [/^c2d-hub device create/, { before: NO_DEVICE }],
  [/^c2d-hub device update -d device2/, { before: NEED_DEVICE2 }],
  [/^c2d-hub device (show|list|update|connection-string)/, { before: SEND }],
  [/^c2d-hub sas-token .*-d/, { before: SEND }],
  [/^c2d-hub device delete/, { before: NEED_DEVICE2 }],
  [/^c2d-hub monitor-events .*--count/, { afterwards: TELEMETRY }],
  [/^c2d-hub monitor-events .*jq/, { afterwards: TELEMETRY, until: "windSpeed", code: 130 }],
  [/^c2d-hub monitor-events/, { until: "Waiting for" }],
  [
    /^c2d-hub monitor-feedback .*--(count|wait-on-msg)/,
    { beside: LISTEN, afterwards: "c2d-send --local -q --ack full --mid order-17" },
  ],
  [/^c2d-hub monitor-feedback/, { until: "Waiting for feedback" }],
  [/^c2d-hub purge/, { before: SEND }],
];

/** Shells needed in addition to sh. */
const SHELLS: readonly (readonly [RegExp, string, string])[] = [
  [/^source .*bash\)/, "bash", ""],
  [/^source .*zsh\)/, "zsh", "autoload -U compinit; compinit -D; "],
  [/(completion|--format) fish/, "fish", ""],
];

describe.each(EXAMPLES)("$executable", ({ examples }) => {
  let place: PageShell;

  beforeAll(() => {
    place = new PageShell();
    writeFileSync(join(place.directory, "image.png"), Buffer.of(0x89, 0x50));
  });

  // After a command that writes variables, the others must start in a clean environment.
  beforeEach(() => place.useExampleVariables());

  afterAll(() => place.close());

  test.each(examples)("%s", { timeout: 40_000 }, async (example) => {
    const reason = Object.entries(NOT_RUN).find(([part]) => example.includes(part))?.[1];
    if (reason !== undefined) return tellSkipped(example, reason);
    const script = inItsShell(example);
    if (script === undefined) return;
    const stage = STAGES.find(([pattern]) => pattern.test(example))?.[1] ?? {};
    const { code, stdout, stderr } = await runStaged(place, script, stage);
    expect(stderr).not.toContain("error:");
    expect(stdout).not.toMatch(/^null$/m);
    expect(code, stderr).toBe(stage.code ?? 0);
  });
});

test("every skipped example still exists", () => {
  const all = EXAMPLES.flatMap(({ examples }) => examples).join("\n");
  for (const part of Object.keys(NOT_RUN)) expect(all).toContain(part);
});

async function runStaged(place: PageShell, script: string, stage: Stage) {
  const { before, beside, afterwards, until, ready = "Waiting for" } = stage;
  if (before !== undefined) await place.run(before).ended;
  const companion = beside === undefined ? undefined : place.run(beside);
  await companion?.waitFor("Waiting for");
  const running = place.run(script.replaceAll("/tmp/", `${place.directory}/`));
  try {
    if (afterwards !== undefined) {
      await running.waitFor(ready);
      await place.run(afterwards).ended;
    }
    if (until !== undefined) {
      await running.waitFor(until);
      running.interrupt();
    }
    return await running.ended;
  } finally {
    await endAll([running, companion]);
  }
}

async function endAll(scripts: readonly (RunningScript | undefined)[]): Promise<void> {
  for (const script of scripts) {
    script?.interrupt();
    await script?.ended;
  }
}

/** Undefined if the example's shell is not installed. */
function inItsShell(example: string): string | undefined {
  const whole = example.replace("5F…", "5F".repeat(20));
  const special = SHELLS.find(([pattern]) => pattern.test(example));
  if (special === undefined) return whole;
  const [, shell, prelude] = special;
  if (spawnSync(shell, ["--version"]).status === 0) return `${shell} -c '${prelude}${whole}'`;
  return tellSkipped(example, `there is no ${shell} here`);
}

function tellSkipped(example: string, reason: string): undefined {
  process.stderr.write(`SKIPPED: '${example}' is not run: ${reason}\n`);
}
