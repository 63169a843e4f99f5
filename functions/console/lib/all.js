// What every screen is made of.
export * from "./dom.js";
export * from "./api.js";
export * from "./hooks.js";
export * from "./format.js";
export * from "./route.js";
export * from "./save.js";
export * from "./ui.js";
export * from "./later.js";
