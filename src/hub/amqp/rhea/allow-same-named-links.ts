/**
 * AMQP identifies links by name and direction (1.0, 2.6.1; rule amqp-links), rhea only by name.
 * Qpid Proton uses one name in both directions.
 */

import type { Session } from "rhea";
import { LINK, SESSION } from "./rhea-internals.ts";

/** Call for a session that has just begun, before the peer attaches anything. */
export function allowSameNamedLinks(session: Session): void {
  const table = SESSION.of(session);
  const { create_link, remove_link } = table;
  table.create_link = (name, ...rest) => {
    const link = create_link.call(table, name, ...rest);
    delete table.links[name];
    table.links[keyOf(name, link.is_sender())] = link;
    return link;
  };
  table.remove_link = (link) => {
    remove_link.call(table, link);
    delete table.links[keyOf(link.name, link.is_sender())];
  };
  table.on_attach = (frame) => {
    const { name, handle, role } = frame.performative;
    const link =
      table.links[keyOf(name, role)] ??
      (role ? table.create_sender(name) : table.create_receiver(name));
    table.remote.handles[handle] = link;
    const inside = LINK.of(link);
    inside.on_attach(frame);
    inside.remote.attach = frame.performative;
  };
}

function keyOf(name: string, isSender: boolean): string {
  return `${isSender ? "out" : "in"}:${name}`;
}
