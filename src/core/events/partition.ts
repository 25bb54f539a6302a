const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** Keeps a device's events in order (rule event-partition). Azure's hash is unknown: FNV-1a. */
export function partitionOf(deviceId: string, partitionCount: number): number {
  let hash = OFFSET_BASIS;
  for (const byte of Buffer.from(deviceId)) {
    hash = Math.imul(hash ^ byte, PRIME) >>> 0;
  }
  return hash % partitionCount;
}
