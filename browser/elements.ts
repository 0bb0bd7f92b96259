// The elements of page.html by their ids.

/** @returns the element with this id */
export const element = <T extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as T;

export const button = (id: string) => element<HTMLButtonElement>(id);
