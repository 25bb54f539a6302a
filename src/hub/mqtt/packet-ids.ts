/** Packet ids of published messages that wait for their PUBACK. */

const MAX_PACKET_ID = 65_535;

export class PacketIds {
  readonly #lockTokens = new Map<number, string>();
  readonly #packetIds = new Map<string, number>();
  #lastPacketId = 0;

  get isFull(): boolean {
    return this.#lockTokens.size >= MAX_PACKET_ID;
  }

  add(lockToken: string): number {
    do {
      this.#lastPacketId = (this.#lastPacketId % MAX_PACKET_ID) + 1;
    } while (this.#lockTokens.has(this.#lastPacketId));
    this.#lockTokens.set(this.#lastPacketId, lockToken);
    this.#packetIds.set(lockToken, this.#lastPacketId);
    return this.#lastPacketId;
  }

  find(packetId: number): string | undefined {
    return this.#lockTokens.get(packetId);
  }

  remove(lockToken: string): void {
    const packetId = this.#packetIds.get(lockToken);
    if (packetId === undefined) return;
    this.#packetIds.delete(lockToken);
    this.#lockTokens.delete(packetId);
  }
}
