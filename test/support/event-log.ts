import type { HubEvent, HubEventListener } from "../../src/hub/model/events.ts";

type EventOf<T extends HubEvent["type"]> = Extract<HubEvent, { type: T }>;

/** Records a hub's events, and waits for more. */
export class EventLog {
  readonly all: HubEvent[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(events: { subscribe(listener: HubEventListener): unknown }) {
    events.subscribe((event) => {
      this.all.push(event);
      for (const look of this.#waiting) look();
    });
  }

  of<T extends HubEvent["type"]>(type: T): EventOf<T>[] {
    return this.all.filter((event): event is EventOf<T> => event.type === type);
  }

  /** Resolves with the `count`-th event of this type. */
  reached<T extends HubEvent["type"]>(type: T, count = 1): Promise<EventOf<T>> {
    return new Promise((resolve) => {
      const look = (): void => {
        const event = this.of(type)[count - 1];
        if (event === undefined) return;
        this.#waiting.delete(look);
        resolve(event);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
