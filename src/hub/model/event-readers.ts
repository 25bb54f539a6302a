/** A reader with an epoch excludes all others of its consumer group (rule event-epoch). */

import { HubError } from "../../core/hub-error.ts";

interface ReaderRequest {
  /** Lower case. */
  readonly group: string;
  readonly epoch: number | undefined;
  onReplaced(error: HubError): void;
}

export interface ReaderPlace {
  leave(): void;
}

export class EventReaders {
  readonly #readers = new Set<ReaderRequest>();

  /** @throws HubError LinkCreationConflict when this one is not allowed. */
  take(request: ReaderRequest): ReaderPlace {
    const rivals = [...this.#readers].filter(({ group }) => group === request.group);
    for (const { epoch } of rivals) {
      if (epoch !== undefined && epoch > (request.epoch ?? -1))
        throw conflict(epoch, request.epoch);
    }
    this.#readers.add(request);
    if (request.epoch !== undefined) {
      for (const rival of rivals) rival.onReplaced(stolen(request.epoch));
    }
    return { leave: () => this.#readers.delete(request) };
  }
}

function conflict(epoch: number, own: number | undefined): HubError {
  const why =
    own === undefined
      ? "and so non-epoch receiver is not allowed"
      : `and so one of epoch '${own}' is not allowed`;
  return new HubError(
    "LinkCreationConflict",
    `At least one receiver for the endpoint is created with epoch of '${epoch}', ${why}. Either reconnect with a higher epoch, or make sure all epoch receivers are closed or disconnected.`,
  );
}

function stolen(epoch: number): HubError {
  return new HubError(
    "LinkCreationConflict",
    `New receiver with higher epoch of '${epoch}' is created hence current receiver is getting disconnected.`,
  );
}
