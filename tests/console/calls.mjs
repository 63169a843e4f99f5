// Calls that tests place.
import { ask } from "./browser.mjs";

/** A call that the agent places, until it is over. */
export async function placed() {
  const [{ number: from }] = (await ask("GET", "/numbers")).data.numbers;
  const order = { from, to: "+12025550187", reason: "your bicycle is ready" };
  const { data } = await ask("POST", "/calls", { body: order, headers: { "idempotency-key": crypto.randomUUID() } });
  const until = async (is) => {
    for (;;) {
      const { data: call } = await ask("GET", `/calls/${data.sid}`);
      if (is(call)) return call;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  await until((call) => call.answered_at);
  const end = async () => {
    await ask("POST", `/calls/${data.sid}/actions`, { body: { action: "end" }, headers: { "idempotency-key": crypto.randomUUID() } });
    await until((call) => call.ended_at);
  };
  return { sid: data.sid, end };
}
