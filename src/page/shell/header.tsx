import { Icon } from "../shared/icons.tsx";
import type { Link } from "../state/hub-stream.ts";
import { routeHash, VIEW_NAMES, VIEWS, type View } from "../state/route-hash.ts";

interface Properties {
  readonly view: View;
  readonly link: Link;
  readonly hostName: string | undefined;
}

const LINKS: Readonly<Record<Link, string>> = {
  connecting: "Connecting",
  live: "Live",
  lost: "Hub stopped",
  unauthorized: "Signed out",
  full: "Not connected",
};

export function Header({ view, link, hostName }: Properties) {
  return (
    <header class="top">
      <p class="brand">
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
          <path d="M5 12.5 16 6l11 6.5L16 19zM5 19.5 16 26l11-6.5" />
        </svg>
        <span>
          <b>Local hub</b>
          {hostName && <span class="host mono">{hostName}</span>}
        </span>
      </p>
      <nav aria-label="Views">
        {VIEWS.map((name) => (
          <a
            key={name}
            class={name}
            href={routeHash({ view: name, parameters: {} })}
            aria-current={name === view ? "page" : undefined}
          >
            {name === "send" && <Icon name="send" />}
            {VIEW_NAMES[name]}
          </a>
        ))}
      </nav>
      <p class={`link-state ${link}`} role="status">
        {LINKS[link]}
      </p>
    </header>
  );
}
