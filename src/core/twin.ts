/** Just enough for clients that need a twin (rule twin-minimal): reports are not stored. */

const VERSION = 1;

export const EMPTY_TWIN = {
  desired: { $version: VERSION },
  reported: { $version: VERSION },
} as const;

export const REPORTED_VERSION = VERSION + 1;
