import { Command } from "../shared/command.tsx";
import type { Link } from "../state/hub-stream.ts";

interface Properties {
  readonly link: Link;
  /** Not of a test: the commands start it, and know its key. */
  readonly isOfCommands: boolean;
}

/** What to do while there is no connection. */
export function LinkBanner({ link, isOfCommands }: Properties) {
  if (link === "lost") {
    return (
      <div class="banner">
        <p>
          <b>The hub has stopped.</b> This page continues by itself once it runs again.
        </p>
        {isOfCommands && <Command line="c2d-hub start" />}
      </div>
    );
  }
  if (link === "full") {
    return (
      <div class="banner">
        <p>
          <b>Too many pages are open.</b> This one continues once another is closed.
        </p>
      </div>
    );
  }
  if (link === "unauthorized") {
    return (
      <div class="banner">
        <p>
          <b>The hub does not know this browser.</b> Open the page once more, by its address with
          the key.
        </p>
        {isOfCommands && <Command line="c2d-hub ui" />}
      </div>
    );
  }
  return null;
}
