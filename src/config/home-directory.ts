/** Where the local hub keeps its state. */

import { homedir, platform } from "node:os";
import { join, resolve } from "node:path";
import type { ConfigInputs, FoundSettings } from "./load-settings.ts";

const NAME = "c2d-hub";

/** `C2D_HOME`, else `c2d-hub` in the user's data directory. Absolute. */
export function homeDirectory(
  settings: FoundSettings,
  { env, directory }: Pick<ConfigInputs, "env" | "directory">,
): string {
  const home = settings.home?.value;
  return home === undefined ? join(dataDirectory(env), NAME) : resolve(directory, home);
}

function dataDirectory(env: ConfigInputs["env"]): string {
  const userHome = env.HOME || homedir();
  // The XDG specification has relative paths ignored.
  if (env.XDG_DATA_HOME?.startsWith("/")) return env.XDG_DATA_HOME;
  if (platform() === "darwin") return join(userHome, "Library", "Application Support");
  if (platform() === "win32") return env.LOCALAPPDATA || join(userHome, "AppData", "Local");
  return join(userHome, ".local", "share");
}
