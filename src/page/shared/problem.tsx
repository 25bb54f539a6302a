import { Icon } from "./icons.tsx";
import { visibleLine } from "./visible-text.ts";

/** An error, in the hub's words. */
export function Problem({ error }: { readonly error: Error | undefined }) {
  return (
    <div role="alert">
      {error && (
        <p class="problem">
          <Icon name="warning" />
          <span>
            <strong>{visibleLine(error.name)}</strong> {visibleLine(error.message)}
          </span>
        </p>
      )}
    </div>
  );
}
