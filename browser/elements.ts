// The elements of page.html by their ids.

/** @returns the element with this id */
export const element = <T extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as T;

/** Calls `run` whenever the page is shown again. @returns a function that ends that */
export function onShown(run: () => unknown): () => void {
  const stop = new AbortController();
  document.addEventListener("visibilitychange", () => document.hidden || run(), stop);
  return () => stop.abort();
}

export const button = (id: string) => element<HTMLButtonElement>(id);
