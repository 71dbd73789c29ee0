// fauxqs on 127.0.0.1 alone, with everything in SQLite: node serve.mjs PORT FOLDER.
import net from "node:net";
import { startFauxqs } from "fauxqs";

// It listens on all addresses and has no setting for that.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (options, ...rest) {
  return listen.call(this, typeof options === "object" ? { ...options, host: "127.0.0.1" } : options, ...rest);
};

const [port, dataDir] = process.argv.slice(2);
await startFauxqs({ port: Number(port), dataDir, logger: false });
