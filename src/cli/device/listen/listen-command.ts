/** The command `c2d-device listen`. */

import { type Command, Option } from "commander";
import { loadDeviceConfig } from "../../../config/device-config.ts";
import {
  parseCount,
  parseDurationArgument,
  parsePositiveDuration,
} from "../../program/argument-parsers.ts";
import {
  addCommonOptions,
  addSettingOptions,
  configInputs,
  formatExamples,
} from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import { addConnectionOptions } from "../connection-options.ts";
import type { ListenFlags } from "./listen-flags.ts";
import { toListenOptions } from "./listen-options.ts";

const ABOUT = `
A message is acknowledged only after it has been written out: what was not
printed is delivered again. With -o json a body is "json" when its content type
says so and it parses, else "utf8" when it is UTF-8, else "base64".

--settle says what becomes of a message that has been printed:
  complete  removes it from the queue. The only outcome over mqtt and mqtt-ws.
  abandon   looks without taking: each message is printed once and held, and all
            are returned to the queue when the run ends, which it does by itself
            shortly before the first lock runs out (about 55 s after the first
            message). Each run raises the delivery count of what it showed by
            one; at 10, the default maximum, the hub dead-letters the message.
  reject    dead-letters it: no device gets it any more, and its sender is told
            Rejected.
  none      leaves it locked. It comes again whenever its lock runs out (60 s),
            marked as a duplicate, until it expires or is settled; its delivery
            count does not rise.
`;

export function addListen(program: Command, act: Act): void {
  const command = program
    .command("listen")
    .description("Print cloud-to-device messages as they arrive.")
    .option("-c, --count <n>", "exit after n messages (default: never)", parseCount)
    .option(
      "--timeout <duration>",
      "exit after this duration; with 124 if --count was not reached (default: never)",
      parseDurationArgument,
    )
    .option(
      "--idle-timeout <duration>",
      "exit after this duration without a message, like --timeout (default: never)",
      parseDurationArgument,
    )
    .addOption(
      new Option(
        "--settle <outcome>",
        "what to do with a printed message (see below); all but complete need amqp or http",
      )
        .choices(["complete", "abandon", "reject", "none"])
        .default("complete"),
    )
    .option("--output-file <path>", "append the messages to this file instead of stdout")
    .option("--ready-file <path>", "write this file once subscribed, for scripts")
    .option(
      "--poll-interval <duration>",
      "how often to ask for messages; for http alone (default: 1s)",
      parsePositiveDuration,
    );
  addConnectionOptions(command);
  addSettingOptions(command, "c2d-device");
  addCommonOptions(command).addHelpText(
    "after",
    ABOUT +
      formatExamples([
        ["c2d-device listen --local", "on the local hub, as device1"],
        [`c2d-device listen -o json | jq -r 'select(.type == "message").body'`, "only the bodies"],
        ["c2d-device listen --count 1 --timeout 30s", "one message, or 124 after 30 s"],
        [
          "c2d-device listen --transport amqp --settle abandon --idle-timeout 2s",
          "look at what waits, and leave it in the queue",
        ],
        ["c2d-device listen --transport amqp --settle reject", "dead-letter every message"],
      ]),
  );
  act<ListenFlags>(command, async (flags, context) => {
    const config = loadDeviceConfig(configInputs("c2d-device", flags, context.io));
    context.redactor.learn(config.secrets);
    const options = toListenOptions(flags, config);
    const { runListen } = await import("./listen.ts");
    return await runListen(options, context);
  });
}
