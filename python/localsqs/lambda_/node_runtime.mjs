// The runtime of a Node.js function, for where AWS's own (aws-lambda-ric, which needs a compiler) is not installed.
//
//   node node_runtime.mjs MODULE.FUNCTION      in the directory of the code, AWS_LAMBDA_RUNTIME_API set
//
// Handlers as Lambda has them: async, returning a promise or a value, or calling back; ES modules and CommonJS.
import { existsSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, name, body = "", headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { agent, headers, host, method, path: `/2018-06-01/runtime/${name}`, port };
    const request = http.request(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => (text += part));
      response.on("end", () => resolve({ headers: response.headers, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function described(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n") };
}

function reportFailure(name, failure) {
  const headers = { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": failure.errorType };
  return call("POST", name, JSON.stringify(failure), headers);
}

async function loadHandler(name) {
  const dot = name.lastIndexOf(".");
  const stem = path.resolve(name.slice(0, dot));
  const file = [".js", ".mjs", ".cjs"].map((end) => stem + end).find((candidate) => existsSync(candidate));
  if (!file) {
    throw Object.assign(new Error(`Error: Cannot find module '${name.slice(0, dot)}'`), {
      name: "Runtime.ImportModuleError",
    });
  }
  const module = await import(pathToFileURL(file));
  const handler = module[name.slice(dot + 1)] ?? module.default?.[name.slice(dot + 1)];
  if (typeof handler !== "function") {
    throw Object.assign(new Error(`${name} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
  }
  return handler;
}

function makeContext(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const clientContext = headers["lambda-runtime-client-context"];
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    callbackWaitsForEmptyEventLoop: true,
    clientContext: clientContext ? JSON.parse(clientContext) : undefined,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  };
}

function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const result = handler(event, context, (error, value) => (error ? reject(error) : resolve(value)));
    // Without a promise and with fewer than three parameters nothing else will come.
    if (typeof result?.then === "function" || handler.length < 3) resolve(result);
  });
}

let handler;
try {
  handler = await loadHandler(process.argv[2]);
} catch (error) {
  console.error(error);
  await reportFailure("init/error", described(error));
  process.exit(1);
}
for (;;) {
  const { headers, text } = await call("GET", "invocation/next");
  const context = makeContext(headers);
  const invocation = `invocation/${context.awsRequestId}`;
  if (headers["lambda-runtime-trace-id"]) process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
  try {
    const result = await run(handler, JSON.parse(text), context);
    await call("POST", `${invocation}/response`, JSON.stringify(result ?? null) ?? "null");
  } catch (error) {
    console.error(error);
    await reportFailure(`${invocation}/error`, described(error));
  }
}
