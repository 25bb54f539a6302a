/** The device both sides mean on the local hub when none is named. */
export const DEFAULT_LOCAL_DEVICE_ID = "device1";
