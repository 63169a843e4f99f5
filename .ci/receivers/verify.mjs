// Verifies deliveries, one JSON object a line, with the package of Standard Webhooks: prints `good` or `bad` for each.
import { createInterface } from "node:readline";
import { Webhook } from "standardwebhooks";

for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  try {
    new Webhook(secret).verify(body, headers);
    console.log("good");
  } catch {
    console.log("bad");
  }
}
