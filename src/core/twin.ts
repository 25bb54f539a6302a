/**
 * As much of device twins as keeps clients going that ask for them (rule twin-minimal): a twin that
 * nobody has written to, and answers that say yes. What a device reports is not kept.
 */

const VERSION = 1;

/** The twin a device asks for. */
export const EMPTY_TWIN = {
  desired: { $version: VERSION },
  reported: { $version: VERSION },
} as const;

/** The version of reported properties once a device has written some. */
export const REPORTED_VERSION = VERSION + 1;
