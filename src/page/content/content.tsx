import { useEffect, useState } from "preact/hooks";
import type { ContentView } from "../../hub/page/page-types.ts";
import { Problem } from "../shared/problem.tsx";
import { readContent } from "../state/requests.ts";
import { BodySection } from "./body-section.tsx";
import { PropertyTable } from "./property-table.tsx";

interface Properties {
  readonly list: "messages" | "events";
  readonly rowKey: string;
}

/** Body and properties, fetched when they are looked at. */
export function Content({ list, rowKey }: Properties) {
  const [content, setContent] = useState<ContentView>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    let isWanted = true;
    setError(undefined);
    readContent(list, rowKey).then(
      (read) => isWanted && setContent(read),
      (failure) => isWanted && setError(failure),
    );
    return () => {
      isWanted = false;
    };
  }, [list, rowKey]);
  if (error) return <Problem error={error} />;
  if (!content) return <p class="faint">Loading…</p>;
  return (
    <>
      <BodySection base64={content.body} />
      <PropertyTable title="Application properties" values={content.properties} />
      <PropertyTable title="System properties" values={content.system} />
    </>
  );
}
