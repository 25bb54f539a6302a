import { Command } from "../shared/command.tsx";
import type { Link } from "../state/hub-stream.ts";

/** What to do while there is no connection. */
export function LinkBanner({ link }: { readonly link: Link }) {
  if (link === "lost") {
    return (
      <div class="banner">
        <p>
          <b>The hub has stopped.</b> This page continues by itself once it runs again.
        </p>
        <Command line="c2d-hub start" />
      </div>
    );
  }
  if (link === "unauthorized") {
    return (
      <div class="banner">
        <p>
          <b>The hub does not know this browser.</b> Open the page once more with:
        </p>
        <Command line="c2d-hub ui" />
      </div>
    );
  }
  return null;
}
