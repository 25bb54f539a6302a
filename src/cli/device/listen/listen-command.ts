import { type Command, Option } from "commander";
import {
  parseCount,
  parseDurationArgument,
  parsePositiveDuration,
} from "../../program/argument-parsers.ts";
import {
  addCommonOptions,
  addSettingOptions,
  formatExamples,
} from "../../program/common-options.ts";
import { addFormatOption, addRawOptions, describeTemplate } from "../../program/format-options.ts";
import type { Act } from "../../program/run-program.ts";
import { addConnectionOptions } from "../connection-options.ts";
import { EXEC_FAILURES } from "../handling/exec-options.ts";
import { MESSAGE_KEYS } from "../receiving/message-record.ts";
import type { ListenFlags } from "./listen-flags.ts";

const ABOUT = `
A message is acknowledged only after it has been written out: a message that was
not printed is delivered again. With -o json, bodyEncoding is "json" if the
content type is JSON and the body parses, else "utf8" if it is valid UTF-8, else
"base64".

--settle decides what happens to a printed message:
  complete  Remove it from the queue. The only outcome over mqtt and mqtt-ws.
  abandon   Peek: print each message once, hold it, and return all of them to
            the queue on exit. The command exits before the first lock expires,
            about 55 s after the first message. Each run increases the delivery
            count of the messages it showed by one; at the maximum (10 by
            default) the hub dead-letters a message.
  reject    Dead-letter it: no device receives it again, and its sender gets the
            feedback Rejected.
  none      Leave it locked. It is delivered again whenever its lock expires
            (60 s), marked as a duplicate, until it expires or is settled. Its
            delivery count does not increase.

--exec runs a command for each message, one at a time. The body is its stdin,
the rest is in its environment: C2D_MESSAGE (the line of -o json, without the
body), C2D_MESSAGE_ID, C2D_CORRELATION_ID, C2D_DEVICE_ID, C2D_CONTENT_TYPE, and
C2D_PROPERTY_<NAME> for each property, in capitals, with _ for all but letters
and digits. Values that cannot be environment variables are listed in
C2D_OMITTED. What the command prints takes the place of the message; with
-o json it goes to stderr. If it exits with 0, the message is completed; what it
leaves running is not waited for, and its later output is dropped. Otherwise,
--on-exec-failure decides:
  stop      Exit. The message is delivered again.
  abandon   Return it to the queue after a delay of 1 s, 2 s, 4 s ... as long as
            its lock allows. Other messages go on meanwhile. At the maximum
            delivery count (10 by default) the hub dead-letters it.
  reject    Dead-letter it.
--count counts a message once, and only after it is settled. Ctrl-C lets a
running command finish. For slow commands use amqp or http, which take one
message at a time: over mqtt the hub locks all that wait, and delivers again
what waits for longer than its lock (60 s).
`;

export function addListen(program: Command, act: Act): void {
  const command = program
    .command("listen")
    .description("Print cloud-to-device messages as they arrive.")
    .option("-c, --count <n>", "exit after n messages (default: never)", parseCount)
    .option(
      "--timeout <duration>",
      "exit after this duration, with 124 if --count was not reached (default: never)",
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
    .option("--output-file <path>", "append messages to this file instead of stdout")
    .option("--save-dir <dir>", "save each body in a file of its own, named after the message id")
    .option("--exec <command>", "run this with sh for each message, one at a time (see below)")
    .addOption(
      new Option(
        "--on-exec-failure <outcome>",
        "after a command that fails: stop with 8, or go on (amqp and http only)",
      )
        .choices(EXEC_FAILURES)
        .default(undefined, "stop"),
    )
    .addOption(
      new Option(
        "--exec-timeout <duration>",
        "kill a command that takes longer, and treat it as failed",
      )
        .argParser(parsePositiveDuration)
        .default(undefined, "30s"),
    );
  addFormatOption(command, "message");
  addRawOptions(command)
    .option("--ready-file <path>", "create this file once subscribed, for scripts")
    .option(
      "--poll-interval <duration>",
      "time between polls, for http only (default: 1s)",
      parsePositiveDuration,
    );
  addConnectionOptions(command);
  addSettingOptions(command, "c2d-device");
  addCommonOptions(command).addHelpText(
    "after",
    ABOUT +
      describeTemplate(MESSAGE_KEYS) +
      formatExamples([
        ["c2d-device listen --local", "receive from the local hub, as device1"],
        [
          "c2d-device listen --format '{{messageId}} {{properties.level}} {{body}}'",
          "print one line per message",
        ],
        [
          "c2d-device listen --raw --separator '' --count 1 > firmware.bin",
          "save the bytes of one body",
        ],
        [
          `c2d-device listen -o json | jq -r 'select(.type == "message").body'`,
          "process messages with jq",
        ],
        [
          "c2d-device listen --transport amqp --exec 'jq .' --on-exec-failure reject",
          "handle each message with a command, and dead-letter what it cannot read",
        ],
        ["mkdir -p inbox && c2d-device listen --save-dir inbox", "save each body in a file"],
        ["c2d-device listen --count 1 --timeout 30s", "wait for one message, at most 30 s"],
        [
          "c2d-device listen --transport amqp --settle abandon --idle-timeout 2s",
          "peek at the queue",
        ],
        ["c2d-device listen --transport amqp --settle reject", "dead-letter every message"],
      ]),
  );
  act<ListenFlags>(command, async (flags, context) => {
    const { listen } = await import("./listen.ts");
    return await listen(flags, context);
  });
}
