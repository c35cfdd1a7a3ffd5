'use strict';
// The context object that a handler gets.

const parse = (text) => (text ? JSON.parse(text) : undefined);

// `done(error, result)` and the flag are the invocation's (runtime.cjs).
function makeContext(meta, invocation) {
  const context = {
    get callbackWaitsForEmptyEventLoop() {
      return invocation.waitsForEmptyLoop;
    },
    set callbackWaitsForEmptyEventLoop(value) {
      invocation.waitsForEmptyLoop = Boolean(value);
    },
    succeed: (result) => invocation.finish(null, result),
    fail: (error) => invocation.finish(error ?? 'handled'),
    done: (error, result) => invocation.finish(error, result),
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse(meta.clientContext),
    identity: parse(meta.cognitoIdentity),
    invokedFunctionArn: meta.invokedFunctionArn,
    awsRequestId: meta.requestId,
    tenantId: meta.tenantId,
    getRemainingTimeInMillis: () => Math.max(meta.deadlineMs - Date.now(), 0),
  };
  return context;
}

module.exports = { makeContext };
