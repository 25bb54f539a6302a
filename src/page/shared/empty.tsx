import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icons.tsx";

interface Properties {
  readonly icon: IconName;
  readonly title: string;
  /** The next step. */
  readonly children: ComponentChildren;
}

export function Empty({ icon, title, children }: Properties) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      {children}
    </div>
  );
}
