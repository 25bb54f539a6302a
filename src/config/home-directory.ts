import { existsSync, statSync } from "node:fs";
import { homedir, platform } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { ConfigInputs } from "./load-settings.ts";
import type { SettingReader } from "./setting-reader.ts";

const NAME = "c2d-hub";

/** `C2D_HOME`, else `c2d-hub` in the user's data directory. Absolute. */
export function homeDirectory(
  reader: SettingReader,
  { env, directory }: Pick<ConfigInputs, "env" | "directory">,
): string {
  const named = reader.text("home");
  const home = named === undefined ? join(dataDirectory(env), NAME) : resolve(directory, named);
  const obstacle = nearestExisting(home);
  if (!statSync(obstacle, { throwIfNoEntry: false })?.isDirectory()) {
    reader.report("home", `${obstacle} is not a directory`, "Set C2D_HOME to a directory.");
  }
  return home;
}

function nearestExisting(path: string): string {
  const parent = dirname(path);
  // On Windows even the root (a drive) may not exist.
  return existsSync(path) || parent === path ? path : nearestExisting(parent);
}

function dataDirectory(env: ConfigInputs["env"]): string {
  const userHome = env.HOME || homedir();
  // The XDG specification says to ignore relative paths.
  if (env.XDG_DATA_HOME && isAbsolute(env.XDG_DATA_HOME)) return env.XDG_DATA_HOME;
  if (platform() === "darwin") return join(userHome, "Library", "Application Support");
  if (platform() === "win32") return env.LOCALAPPDATA || join(userHome, "AppData", "Local");
  return join(userHome, ".local", "share");
}
