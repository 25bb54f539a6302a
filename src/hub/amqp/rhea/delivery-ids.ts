/** rhea looks up only a slot of its ring buffer, which a newer delivery may have taken. */

import type { Session } from "rhea";
import { SESSION } from "./rhea-internals.ts";

/** Call for a session that has just begun. */
export function findDeliveriesById(session: Session): void {
  const { deliveries } = SESSION.of(session).outgoing;
  const { by_id } = deliveries;
  deliveries.by_id = (id) => {
    const delivery = by_id.call(deliveries, id);
    return delivery?.id === id ? delivery : undefined;
  };
}
