import type { DeviceChange } from "../../../client/registry/device-change.ts";
import type { RegisteredDevice } from "../../../client/registry/registered-device.ts";
import { Secret } from "../../../core/secret.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import type { KeyToRenew, UpdateFlags } from "../registry/device-flags.ts";
import { generateKey, KEY_FLAGS, keyOf } from "./key-flags.ts";

type NewKeys = Pick<DeviceChange, "primaryKey" | "secondaryKey">;

/** @throws UsageError, which shows no key. */
export function toDeviceChange(flags: UpdateFlags): (device: RegisteredDevice) => DeviceChange {
  const { status, regenerateKey } = flags;
  const primaryKey = keyOf("primaryKey", flags.primaryKey);
  const secondaryKey = keyOf("secondaryKey", flags.secondaryKey);
  const hasKey = primaryKey !== undefined || secondaryKey !== undefined;
  if (status === undefined && regenerateKey === undefined && !hasKey) {
    throw new UsageError(
      "nothing to update",
      `Give at least one of --status, ${KEY_FLAGS.primaryKey}, ${KEY_FLAGS.secondaryKey} and --regenerate-key.`,
    );
  }
  if (regenerateKey !== undefined && hasKey) {
    throw new UsageError(
      `--regenerate-key cannot be combined with ${KEY_FLAGS.primaryKey} or ${KEY_FLAGS.secondaryKey}`,
      "Omit one of the two.",
    );
  }
  const given: NewKeys = {
    ...(primaryKey !== undefined && { primaryKey: new Secret(primaryKey) }),
    ...(secondaryKey !== undefined && { secondaryKey: new Secret(secondaryKey) }),
  };
  return (device) => ({
    ...(status !== undefined && { status }),
    ...(regenerateKey === undefined ? given : renewedKeys(regenerateKey, device)),
  });
}

/** Not by the hub: it can only generate both keys at once. */
function renewedKeys(which: KeyToRenew, { authentication }: RegisteredDevice): NewKeys {
  switch (which) {
    case "primary":
      return { primaryKey: new Secret(generateKey()) };
    case "secondary":
      return { secondaryKey: new Secret(generateKey()) };
    case "both":
      return {
        primaryKey: new Secret(generateKey()),
        secondaryKey: new Secret(generateKey()),
      };
    case "swap":
      return swapped(authentication);
  }
}

/** Keys that the hub did not send are empty, which the registry client refuses. */
function swapped(authentication: RegisteredDevice["authentication"]): NewKeys {
  const { primaryKey = new Secret(""), secondaryKey = new Secret("") } = authentication ?? {};
  return { primaryKey: secondaryKey, secondaryKey: primaryKey };
}
