// A person texts with the running system by a telephone, and another one answers in the console: nothing between them is made up.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";

const RUN = Date.now().toString(36);
/** The command of a telephone, such as `target/debug/switchboard text --data DIR`. */
const COMMAND = process.env.SWITCHBOARD_TEXT;

let browser;
let business;
before(async () => {
  assert.ok(COMMAND, "SWITCHBOARD_TEXT is not set: it is the command with which a person texts");
  browser = await launch();
  business = (await ask("GET", "/sign-in")).data.business;
});
after(() => browser?.close());

/** A telephone: what is said with it, and what has been shown on it. */
function phone(name) {
  const from = `+1202557${String(Math.floor(Math.random() * 10_000)).padStart(4, "0")}`;
  const [command, ...rest] = COMMAND.split(" ");
  const process = spawn(command, [...rest, "--from", from, "--name", name], { stdio: ["pipe", "pipe", "inherit"] });
  let shown = "";
  process.stdout.setEncoding("utf8").on("data", (text) => (shown += text));
  const sees = async (words) => {
    for (let tries = 0; !shown.includes(words); tries++) {
      assert.ok(tries < 300, `${words} is not among:\n${shown}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  return { say: (words) => process.stdin.write(`${words}\n`), sees, end: () => process.stdin.end("/quit\n") };
}

test("a person's text is answered by the agent, then by a person who takes the thread, and each sees the other's words", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  const guest = phone(`Guest ${RUN}`);
  guest.say(`Hello, are you open on Friday? ${RUN}`);
  await page.goto(`${url}/console#/b/${business}/inbox`);
  await page.getByRole("link", { name: `Guest ${RUN}` }).click();
  const bubbles = page.locator(".texts li");
  await bubbles.filter({ hasText: `are you open on Friday? ${RUN}` }).waitFor();
  await page.locator(".texts li.out.agent").first().waitFor();
  await page.getByRole("timer").waitFor();
  await page.getByRole("button", { name: "Take over", exact: true }).click();
  await page.getByLabel("Your text").fill(`A person here: yes, until five. ${RUN}`);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await guest.sees(`A person here: yes, until five. ${RUN}`);
  const mine = page.locator(".texts li.out.person").filter({ hasText: RUN });
  await mine.locator(".tick.delivered, .tick.read").waitFor();
  await page.getByRole("button", { name: "Hand back to the agent", exact: true }).click();
  await page.getByRole("button", { name: "Take over", exact: true }).waitFor();
  guest.end();
  assert.deepEqual(wrong, []);
  await context.close();
});
