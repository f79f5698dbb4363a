// Asks the simulator of IAM: lines of JSON in, each answered by a line.
//
// In:  {"statements": [{"Effect", "Action", "Resource", …}], "requests": [{"action", "resource", "context"}]}, besides
//      "policy", the statements of the resource's own policy, and "principal", the ARN of who asks.
// Out: for each request {"allowed": whether, "by": the numbers of the statements that allow it, "problem": what the
//      simulator has against the request itself}.
const { createInterface } = require("node:readline");
const { runSimulation } = require("@cloud-copilot/iam-simulate");

const document = (statements) => ({ Version: "2012-10-17", Statement: statements });

async function ask({ statements, policy, principal }, { action, resource, context }) {
  const numbered = statements.map((statement, number) => ({ ...statement, Sid: `n${number}` }));
  const account = principal.split(":")[4];
  const response = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId: account }, contextVariables: context ?? {} },
      identityPolicies: [{ name: "role", policy: document(numbered) }],
      resourcePolicy: policy ? document(policy) : undefined,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (response.resultType === "error") {
    return { allowed: false, by: [], problem: JSON.stringify(response.errors) };
  }
  const results = response.resultType === "single" ? [response.result] : response.results;
  const allowing = results.flatMap((one) => one.analysis?.identityAnalysis?.allowStatements ?? []);
  const by = [...new Set(allowing.map((one) => Number(one.explain.identifier.slice(1))))];
  return { allowed: response.overallResult === "Allowed", by, problem: "" };
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    const answers = await Promise.all(question.requests.map((request) => ask(question, request)));
    process.stdout.write(`${JSON.stringify(answers)}\n`);
  }
}

main();
