import { once } from "node:events";
import { createServer, type Server } from "node:http";

/**
 * The world outside, as peers see it: a proxy on loopback that lets nobody out and remembers who wanted to.
 *
 * Go programs take HTTPS_PROXY from the environment and leave loopback alone, so registries are reached and nothing
 * else is.
 */
export class Outside {
  /** `host:port` of each attempt. */
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on("connect", ({ url }, socket) => {
      this.asked.push(url ?? "");
      socket.on("error", () => socket.destroy());
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    server.on("request", ({ url }, response) => {
      this.asked.push(url ?? "");
      response.writeHead(502).end();
    });
  }

  static async open(): Promise<Outside> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Outside(server);
  }

  /** What tells programs to ask here. */
  get env(): NodeJS.ProcessEnv {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy has no port");
    const proxy = `http://127.0.0.1:${address.port}`;
    return { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: "localhost,127.0.0.1" };
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
