/** Packet ids of published messages that wait for their PUBACK. */

const MAX_PACKET_ID = 65_535;

export class PacketIds {
  /** Absent until there is a message: most devices are idle. */
  #waiting:
    | { readonly lockTokens: Map<number, string>; readonly packetIds: Map<string, number> }
    | undefined;
  #lastPacketId = 0;

  get isFull(): boolean {
    return this.#waiting !== undefined && this.#waiting.lockTokens.size >= MAX_PACKET_ID;
  }

  add(lockToken: string): number {
    this.#waiting ??= { lockTokens: new Map(), packetIds: new Map() };
    const { lockTokens, packetIds } = this.#waiting;
    do {
      this.#lastPacketId = (this.#lastPacketId % MAX_PACKET_ID) + 1;
    } while (lockTokens.has(this.#lastPacketId));
    lockTokens.set(this.#lastPacketId, lockToken);
    packetIds.set(lockToken, this.#lastPacketId);
    return this.#lastPacketId;
  }

  find(packetId: number): string | undefined {
    return this.#waiting?.lockTokens.get(packetId);
  }

  remove(lockToken: string): void {
    const packetId = this.#waiting?.packetIds.get(lockToken);
    if (packetId === undefined) return;
    this.#waiting?.packetIds.delete(lockToken);
    this.#waiting?.lockTokens.delete(packetId);
  }
}
