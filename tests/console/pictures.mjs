// The pictures of the README, of the demonstration's own calls: `node pictures.mjs FOLDER` beside a running local system, with the
// environment of the tests.
import { argv } from "node:process";
import { join } from "node:path";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";

const folder = argv[2] ?? ".";
const browser = await launch();
const { business } = (await ask("GET", "/sign-in")).data;

/** A call of which everything is known. */
async function wholeCall() {
  for (;;) {
    const { calls } = (await ask("GET", "/calls?status=completed&has_recording=true&include=recordings,insights")).data;
    const whole = calls.filter(({ recording, summary }) => recording.state === "archived" && summary);
    if (whole.length) return whole.sort((one, other) => other.duration_s - one.duration_s)[0];
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

/** @param {string} name @param {string} place @param {(page: any) => Promise<any>} ready */
async function picture(name, place, ready) {
  const { context, page, wrong } = await open(browser, { viewport: { width: 1_280, height: 900 }, colorScheme: "light", reducedMotion: "reduce" });
  await signIn(page, key);
  await page.goto(`${url}/console#/b/${business}/${place}`);
  await ready(page);
  // The heading has the focus, which a picture need not show.
  await page.evaluate(() => document.activeElement?.blur());
  await page.screenshot({ path: join(folder, `${name}.png`) });
  if (wrong.length) throw new Error(wrong.join("\n"));
  await context.close();
}

const call = await wholeCall();
await picture("console-call", `calls/${call.sid}`, async (page) => {
  await page.locator(".lanes path.agent").waitFor({ state: "attached" });
  await page.setViewportSize({ width: 1_280, height: 1_200 });
  await page.locator("audio").evaluate((audio) => new Promise((resolve) => {
    audio.onseeked = resolve;
    audio.currentTime = audio.duration / 3;
  }));
  await page.waitForTimeout(500);
});

// Two calls that go on: the agent speaks to people who answer.
const [{ number: from }] = (await ask("GET", "/numbers")).data.numbers;
for (const to of ["+12025550187", "+12025550188"]) {
  await ask("POST", "/calls", { body: { from, to, reason: "your bicycle is ready" }, headers: { "idempotency-key": crypto.randomUUID() } });
}
await picture("console-live", "live", async (page) => {
  await page.locator(".cards .sheet").nth(1).waitFor();
  await page.waitForTimeout(6_000);
  await page.setViewportSize({ width: 1_280, height: 560 });
});
await browser.close();
