// Verifies posts with the JavaScript library of Standard Webhooks. Reads one JSON object per line
// of standard input: {"secret", "headers", "body"} (the body in base64), and answers each with a
// line: the type of the event, or "refused".
import { createInterface } from "node:readline";
import { Webhook } from "standardwebhooks";

for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  try {
    const event = new Webhook(secret).verify(Buffer.from(body, "base64").toString("utf8"), headers);
    console.log(event.type);
  } catch {
    console.log("refused");
  }
}
