/** Maps a device to a partition. */

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * The partition of a device, from 0 to `partitionCount` - 1 (rule event-partition): always the same
 * one, so that a device's events stay in order. Azure's own hash is not documented; this is FNV-1a.
 */
export function partitionOf(deviceId: string, partitionCount: number): number {
  let hash = OFFSET_BASIS;
  for (const byte of Buffer.from(deviceId)) {
    hash = Math.imul(hash ^ byte, PRIME) >>> 0;
  }
  return hash % partitionCount;
}
