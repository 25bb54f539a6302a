import type { HubServices } from "../services.ts";

/** What the page shows and changes: the same as the other front ends. */
export type PageServices = Pick<
  HubServices,
  | "activity"
  | "clock"
  | "cloudToDevice"
  | "connections"
  | "events"
  | "registry"
  | "ring"
  | "store"
  | "version"
>;

export interface PageOptions {
  readonly services: PageServices;
  readonly key: string;
  readonly port: number;
  readonly hostName: string;
  readonly queueDepth: number;
  /** A hub with a home: commands find it there. */
  readonly isReachedWithLocal: boolean;
}
