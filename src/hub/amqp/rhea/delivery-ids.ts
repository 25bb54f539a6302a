/**
 * Has rhea find a delivery by its own id only. rhea keeps deliveries in a ring, and takes an id to its
 * place there: what a peer says of a delivery that is long gone would go to the one in its place.
 */

import type { Session } from "rhea";
import { SESSION } from "./rhea-internals.ts";

/** To be called for a session that has just begun. */
export function findDeliveriesById(session: Session): void {
  const { deliveries } = SESSION.of(session).outgoing;
  const { by_id } = deliveries;
  deliveries.by_id = (id) => {
    const delivery = by_id.call(deliveries, id);
    return delivery?.id === id ? delivery : undefined;
  };
}
