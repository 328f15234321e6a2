// A plain Redis client: appends each line of a file to the events stream.
// node stream_client.mjs REDIS_URL STREAM FILE
import { readFileSync } from "node:fs";
import { createClient } from "redis";

const [redisUrl, stream, file] = process.argv.slice(2);
const lines = readFileSync(file, "utf-8").split("\n").filter(Boolean);
const client = await createClient({ url: redisUrl }).connect();
await Promise.all(lines.map((line) => client.xAdd(stream, "*", { e: line })));
await client.close();
console.log(lines.length);
