// How long the first screen and a table of 500 rows take: `node times.mjs` beside a running local system, with the environment of
// the tests. It prints the median and the longest of some rounds, in milliseconds. What else the machine does counts.
import { ask, key, launch, open, signIn, url } from "./browser.mjs";

const ROUNDS = 10;
const browser = await launch();
const { business } = (await ask("GET", "/sign-in")).data;

const first = await open(browser);
await signIn(first.page, key);
const storageState = await first.context.storageState();

/** Says in the page when something that fits `selector` is there first, since the page began to load. */
const noticed = (selector) =>
  `new MutationObserver((_, observer) => {
    if (!document.querySelector(${JSON.stringify(selector)})) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => (window.seen = performance.now())));
  }).observe(document, { childList: true, subtree: true });`;

/** @param {string} name @param {(page: any) => Promise<number>} measure of a browser without any file of the console, or with them */
async function rounds(name, measure, isKept) {
  const times = [];
  let kept = null;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { context, page } = kept ?? (await open(browser, { storageState }));
    times.push(await measure(page));
    if (isKept) kept = { context, page };
    else await context.close();
  }
  await kept?.context.close();
  times.sort((one, other) => one - other);
  console.log(`${name}: ${Math.round(times[ROUNDS / 2 - 1])} ms, at most ${Math.round(times[ROUNDS - 1])} ms`);
}

const seen = async (page, selector, place) => {
  await page.goto("about:blank");
  await page.addInitScript(noticed(selector));
  await page.goto(`${url}/console#/b/${business}/${place}`);
  return (await page.waitForFunction(() => window.seen)).jsonValue();
};

await rounds("frame of the first screen, no file kept", (page) => seen(page, "main h1", "overview"));
await rounds("first screen with its figures and calls, no file kept", (page) => seen(page, "main table", "overview"));
await rounds("first screen with its figures and calls, files kept", (page) => seen(page, "main table", "overview"), true);

const { calls } = (await ask("GET", "/calls?limit=1&include=session,cost")).data;
const many = Array.from({ length: 500 }, (_, n) => ({ ...calls[0], sid: `CA${String(n).padStart(32, "0")}` }));
await rounds("table of 500 rows, from its answer to the screen", async (page) => {
  await page.route("**/v1/**/calls?**", (route) => route.fulfill({ json: { calls: route.request().url().includes("status=live") ? [] : many, next: null } }));
  await page.addInitScript(() => {
    const read = Response.prototype.text;
    Response.prototype.text = async function () {
      const text = await read.call(this);
      if (text.length > 100_000) window.began = performance.now();
      return text;
    };
  });
  const at = await seen(page, "tbody tr:nth-child(500)", "calls");
  return at - (await page.evaluate(() => window.began));
});
await browser.close();
