// Follows a live inbox with the EventSource of the npm package, as a browser's page would: the
// token in the address, as it can set no header. Prints each event as a line of JSON.
import { EventSource } from "eventsource";

const source = new EventSource(process.argv[2]);
source.addEventListener("inbox", (event) => {
  console.log(JSON.stringify({ id: event.lastEventId, ...JSON.parse(event.data) }));
});
process.stdin.resume();
process.stdin.on("end", () => {
  source.close();
});
