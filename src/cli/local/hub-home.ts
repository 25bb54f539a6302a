import { homeDirectory } from "../../config/home-directory.ts";
import { readConfig } from "../../config/read-config.ts";
import { DEFAULT_LOCAL_DEVICE_ID } from "../../config/settings.ts";
import { configInputs } from "../program/load-config.ts";
import type { Io } from "../terminal/io.ts";

export interface HubHome {
  readonly home: string;
  readonly deviceId: string;
}

/** @throws ConfigError */
export function loadHubHome(flags: object, io: Pick<Io, "env" | "directory">): HubHome {
  const inputs = configInputs("c2d-hub", flags, io);
  return readConfig(inputs, (reader) => ({
    deviceId: reader.deviceId("deviceId") ?? DEFAULT_LOCAL_DEVICE_ID,
    home: homeDirectory(reader, inputs),
  }));
}
