export const VIEWS = ["messages", "events", "devices", "send"] as const;
export type View = (typeof VIEWS)[number];

export const VIEW_NAMES: Readonly<Record<View, string>> = {
  messages: "Messages",
  events: "Events",
  devices: "Devices",
  send: "Send",
};

export interface Route {
  readonly view: View;
  /** What is absent or empty is not in the address. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
}

export function routeHash({ view, parameters }: Route): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => !!entry[1]);
  const query = new URLSearchParams(given).toString();
  return `#/${view}${query && `?${query}`}`;
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const view = VIEWS.find((name) => name === path) ?? "messages";
  return { view, parameters: Object.fromEntries(new URLSearchParams(query)) };
}
