import { pushRoute, replaceRoute, useRoute } from "../state/route.ts";
import type { View } from "../state/route-hash.ts";
import type { Filter } from "./matching.ts";

interface ListFilter extends Filter {
  readonly state?: string | undefined;
}

/** Filters and selection of a list stand in the address; going back closes the details. */
export function useListRoute(view: View) {
  const { parameters } = useRoute();
  const { open, ...filter } = parameters;
  return {
    filter: filter as ListFilter,
    setFilter: (change: ListFilter) =>
      replaceRoute({ view, parameters: { ...parameters, ...change } }),
    open,
    select: (key: string) => {
      const route = { view, parameters: { ...parameters, open: key } };
      if (open === undefined) pushRoute(route);
      else replaceRoute(route);
    },
    close: () => replaceRoute({ view, parameters: filter }),
  };
}
