/** What the filters of a list let through: pure. */

interface Filterable {
  readonly deviceId: string;
  readonly messageId?: string;
  readonly preview?: string;
}

export interface Filter {
  readonly device?: string | undefined;
  readonly text?: string | undefined;
}

/** The id of a known device means that device alone, anything else a part of an id. */
export function matcher(
  { device, text }: Filter,
  isKnown: (deviceId: string) => boolean,
): (row: Filterable) => boolean {
  const wanted = text?.toLowerCase();
  const isExact = !!device && isKnown(device);
  return (row) => {
    if (device && (isExact ? row.deviceId !== device : !row.deviceId.includes(device)))
      return false;
    if (!wanted) return true;
    return [row.deviceId, row.messageId, row.preview].some((part) =>
      part?.toLowerCase().includes(wanted),
    );
  };
}
