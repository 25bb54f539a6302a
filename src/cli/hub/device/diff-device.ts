import type { RegisteredDevice } from "../../../client/registry/registered-device.ts";
import type { DeviceRequest } from "../../../core/device-identity.ts";
import { toAuthMethod } from "../registry/auth-method.ts";
import type { CreateFlags } from "../registry/device-flags.ts";

/** One line per difference, for what the command line specifies; keys are not shown. */
export function diffDevice(
  { status, isIotEdge, authentication }: RegisteredDevice,
  asked: DeviceRequest,
  flags: CreateFlags,
): readonly string[] {
  const method = authentication && toAuthMethod(authentication.type);
  return [
    ...differs("status", status, flags.status),
    ...differs("authMethod", method, flags.authMethod),
    ...differs("isManaged", isIotEdge, flags.edgeEnabled),
    ...differingCredentials(authentication, asked.authentication, flags),
  ];
}

function differs<T>(name: string, is: T | undefined, asked: T | undefined): readonly string[] {
  return asked === undefined || is === asked ? [] : [`${name} is ${is}, not ${asked}`];
}

function differingCredentials(
  is: RegisteredDevice["authentication"],
  asked: DeviceRequest["authentication"],
  flags: CreateFlags,
): readonly string[] {
  const pairs: readonly (readonly [keyof CreateFlags, string | undefined, string | undefined])[] = [
    ["primaryKey", is?.primaryKey?.reveal(), flags.primaryKey],
    ["secondaryKey", is?.secondaryKey?.reveal(), flags.secondaryKey],
    ...(asked?.type === "selfSigned"
      ? ([
          ["primaryThumbprint", upper(is?.primaryThumbprint), upper(asked.primaryThumbprint)],
          ["secondaryThumbprint", upper(is?.secondaryThumbprint), upper(asked.secondaryThumbprint)],
        ] as const)
      : []),
  ];
  return pairs.flatMap(([name, has, wants]) =>
    wants === undefined || has === wants ? [] : [`${name} differs`],
  );
}

function upper(thumbprint: string | undefined): string | undefined {
  return thumbprint?.toUpperCase();
}
