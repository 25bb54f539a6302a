/** The home directory the `c2d-hub` commands mean. */

import { ConfigError, type ConfigProblem } from "../../config/config-error.ts";
import { homeDirectory } from "../../config/home-directory.ts";
import { loadSettings } from "../../config/load-settings.ts";
import { DEFAULT_LOCAL_DEVICE_ID } from "../../config/local-device.ts";
import { SettingReader } from "../../config/setting-reader.ts";
import { configInputs } from "../program/common-options.ts";
import type { Io } from "../terminal/io.ts";

export interface HubHome {
  readonly home: string;
  /** The device named, else the one both sides mean when none is. */
  readonly deviceId: string;
}

/** @throws ConfigError */
export function loadHubHome(flags: object, io: Pick<Io, "env" | "directory">): HubHome {
  const problems: ConfigProblem[] = [];
  const inputs = configInputs("c2d-hub", flags, io);
  const settings = loadSettings(inputs, problems);
  const reader = new SettingReader(settings, problems, inputs.directory);
  const deviceId = reader.deviceId("deviceId") ?? DEFAULT_LOCAL_DEVICE_ID;
  const home = homeDirectory(reader, inputs);
  if (problems.length > 0) throw new ConfigError(problems);
  return { home, deviceId };
}
