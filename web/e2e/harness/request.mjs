import http from "node:http";

/** Sends a request as no browser would: with any host and origin. */
export function request(address, { path, method = "GET", headers = {} }) {
  return new Promise((resolve, reject) => {
    const sent = http.request(new URL(path, address), { method, headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve({ status: answer.statusCode }));
    });
    sent.on("error", reject);
    sent.end();
  });
}
