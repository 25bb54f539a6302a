import type { Locator, Page } from "playwright-core";

/** A row of the list, by what stands in it. */
export function rowOf(page: Page, text: string): Locator {
  return page.getByRole("row").filter({ hasText: text });
}
