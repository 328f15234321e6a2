// A Celery client that is not Python: sends each line of a file as a task.
// node celery_client.mjs REDIS_URL QUEUE TASK FILE
import { readFileSync } from "node:fs";
import celery from "celery-node";

const [redisUrl, queue, task, file] = process.argv.slice(2);
const lines = readFileSync(file, "utf-8").split("\n").filter(Boolean);
const client = celery.createClient(redisUrl, redisUrl, queue);
await client.isReady();
const accept = client.createTask(task);
for (const line of lines) {
  accept.applyAsync([JSON.parse(line)]);
}
// It hands over in the background and says nothing: wait until Redis has answered all of it.
await client.isReady();
await client.broker.redis.ping();
await client.disconnect();
console.log(lines.length);
