import { visibleLine } from "../shared/visible-text.ts";
import { routeHash } from "../state/route-hash.ts";

/** To its details. */
export function DeviceLink({ deviceId }: { readonly deviceId: string }) {
  return (
    <a class="mono" href={routeHash({ view: "devices", parameters: { open: deviceId } })}>
      {visibleLine(deviceId)}
    </a>
  );
}
