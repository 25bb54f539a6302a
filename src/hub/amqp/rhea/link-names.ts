/**
 * Lets a peer give a link of each direction the same name, as Qpid Proton does: AMQP tells links apart
 * by name and direction (1.0, 2.6.1; rule amqp-links), rhea by their name alone.
 */

import type { link as Link, Session } from "rhea";

/** What rhea's types leave out. */
interface LinkTable {
  readonly links: Record<string, Link>;
  readonly remote: { readonly handles: Record<number, Link> };
  create_link(name: string, ...rest: unknown[]): Link;
  create_sender(name: string): Link;
  create_receiver(name: string): Link;
  on_attach(frame: { readonly performative: Attach }): void;
  remove_link(link: Link): void;
}

interface Attach {
  readonly name: string;
  readonly handle: number;
  /** True when the peer receives. */
  readonly role: boolean;
}

interface AttachableLink {
  readonly remote: { attach: Attach };
  on_attach(frame: { readonly performative: Attach }): void;
}

/** To be called for a session that has just begun, before the peer attaches anything. */
export function tellLinksApart(session: Session): void {
  const table = session as unknown as LinkTable;
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
    const attachable = link as unknown as AttachableLink;
    attachable.on_attach(frame);
    attachable.remote.attach = frame.performative;
  };
}

function keyOf(name: string, isSender: boolean): string {
  return `${isSender ? "out" : "in"}:${name}`;
}
