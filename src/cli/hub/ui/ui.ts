import { homePaths } from "../../../hub/home/home.ts";
import { readPageFile } from "../../../hub/home/page-file.ts";
import { createToken } from "../../../hub/page/access/tokens.ts";
import { whileConnecting } from "../../local/connecting.ts";
import { loadHubHome } from "../../local/hub-home.ts";
import { LocalHubError } from "../../local/local-hub-error.ts";
import { requireHub } from "../../local/require-hub.ts";
import type { CommonFlags } from "../../program/common-options.ts";
import type { Context } from "../../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { openInBrowser } from "./open-in-browser.ts";

export interface UiFlags extends CommonFlags {
  readonly open: boolean;
  readonly connectTimeout: number;
}

interface PageAddress {
  readonly address: string;
  readonly key: string;
}

export async function ui(flags: UiFlags, context: Context): Promise<ExitCode> {
  const { home } = loadHubHome(flags, context.io);
  return await runUi(flags, home, context);
}

/** @throws LocalHubError LocalHubNotRunning, PageNotServed; HomeError; ClientError ConnectTimeout. */
export async function runUi(flags: UiFlags, home: string, context: Context): Promise<ExitCode> {
  const { io, reporter } = context;
  const { address, key } = await whileConnecting("the local hub", context, () =>
    findPage(home, flags, context),
  );
  const url = `${address}?key=${key}`;
  await io.stdout.write(flags.output === "json" ? formatJsonLine({ type: "ui", url }) : `${url}\n`);
  if (!flags.open) return EXIT_CODES.done;
  // Not the key: other users of this machine can see the command line of a browser.
  const ticket = createToken(key, "ticket", Date.now());
  const problem = await openInBrowser(`${address}?ticket=${ticket}`, io.env);
  if (problem === undefined) reporter.info("Opening the page in the browser.");
  else reporter.warn(`the page was not opened: ${problem}. Open its address in a browser.`);
  return EXIT_CODES.done;
}

async function findPage(
  home: string,
  { connectTimeout }: UiFlags,
  { interruption }: Context,
): Promise<PageAddress> {
  const hub = await requireHub(home, { timeoutMs: connectTimeout, signal: interruption.signal });
  const file = hub.ui === undefined ? undefined : readPageFile(homePaths(home));
  if (hub.ui !== undefined && file !== undefined) return { address: hub.ui, key: file.key };
  const why = hub.ui === undefined ? "serves no page" : "has lost the key of its page";
  throw new LocalHubError(
    "PageNotServed",
    `The local hub that is running for ${home} ${why}.`,
    "Restart it: c2d-hub stop, then c2d-hub start without --no-ui.",
  );
}
