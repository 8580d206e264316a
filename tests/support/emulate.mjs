// Starts the npm package `emulate` as a GitHub with one App installed, on loopback alone.
// Told what to do by one JSON argument; says its address on standard output; ends with its
// standard input.
import net from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";

const told = JSON.parse(process.argv[2]);

// The package listens on every address, with a token that everybody knows.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  const first = typeof args[0] === "object" ? args[0].port : args[0];
  const ready = args.find((arg) => typeof arg === "function");
  return listen.call(this, { port: Number(first), host: "127.0.0.1" }, ready);
};

const entry = path.join(told.package, "dist", "api.js");
const { createEmulator } = await import(pathToFileURL(entry));
const github = await createEmulator({
  service: "github",
  port: told.port,
  baseUrl: `http://127.0.0.1:${told.port}`,
  seed: {
    tokens: { [told.token]: { login: "ada", scopes: ["repo"] } },
    github: {
      users: [{ login: "ada", name: "Ada", email: "ada@example.org" }],
      repos: [{ owner: "ada", name: "quick", auto_init: true }],
      apps: [
        {
          app_id: told.app,
          slug: "t5-gate",
          name: "T5 Gate",
          private_key: told.key,
          permissions: {
            metadata: "read",
            contents: "read",
            checks: "write",
            pull_requests: "write",
            issues: "write",
          },
          events: ["pull_request", "issue_comment", "check_run", "check_suite", "push"],
          webhook_url: told.webhook,
          webhook_secret: told.secret,
          installations: [
            { installation_id: 100, account: "ada", repository_selection: "all" },
          ],
        },
      ],
    },
  },
});
console.log(`ready ${github.url}`);
process.stdin.on("end", async () => {
  await github.close();
  process.exit(0);
});
process.stdin.resume();
