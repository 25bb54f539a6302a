/** Packet ids of published messages that wait for their PUBACK. */

const MAX_PACKET_ID = 65_535;

export class InFlight {
  readonly #lockTokens = new Map<number, string>();
  #lastPacketId = 0;

  get isFull(): boolean {
    return this.#lockTokens.size >= MAX_PACKET_ID;
  }

  /** A packet id that nothing in flight has, now standing for this lock. */
  add(lockToken: string): number {
    do {
      this.#lastPacketId = (this.#lastPacketId % MAX_PACKET_ID) + 1;
    } while (this.#lockTokens.has(this.#lastPacketId));
    this.#lockTokens.set(this.#lastPacketId, lockToken);
    return this.#lastPacketId;
  }

  /** The lock this packet id stood for; undefined for an id that is not in flight. */
  take(packetId: number): string | undefined {
    const lockToken = this.#lockTokens.get(packetId);
    this.#lockTokens.delete(packetId);
    return lockToken;
  }
}
