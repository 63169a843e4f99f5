// Preact with its hooks, and `html` to write elements with.
import { h, render } from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export { render };
export * from "../vendor/hooks.js";
/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(h);
