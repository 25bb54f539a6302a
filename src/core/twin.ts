/**
 * Just enough of device twins for clients that require them (rule twin-minimal): an empty twin, and
 * positive responses. Reported properties are not stored.
 */

const VERSION = 1;

/** The twin that a device receives. */
export const EMPTY_TWIN = {
  desired: { $version: VERSION },
  reported: { $version: VERSION },
} as const;

/** The version of reported properties after an update. */
export const REPORTED_VERSION = VERSION + 1;
