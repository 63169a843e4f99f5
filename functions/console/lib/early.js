// Asks who is signed in as soon as the page begins, beside the loading of everything else.
import { ask } from "./api.js";

export const early = ask("GET", "/sign-in", { quiet: true });
// What goes wrong is told to the one who awaits it.
early.catch(() => {});
