// Decides requests by AWS's policy logic: one JSON object a line in, one a line out.
//
// {"policies": {KEY: DOCUMENT}} keeps documents under their keys, so that a decision names them instead of repeating
// them; {"id", "simulation"} asks for a decision. The answer has the same id and either "error" or the analysis.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(pathToFileURL(process.argv[2] + '/'))
const load = (name) => import(pathToFileURL(require.resolve(name).replace('/cjs/', '/esm/')))
const { runSimulation } = await load('@cloud-copilot/iam-simulate')
const policies = new Map()

const named = (keys) => (keys ?? []).map(({ name, key }) => ({ name, policy: policies.get(key) }))

function simulation(asked) {
  return {
    request: asked.request,
    identityPolicies: named(asked.identity),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(asked.resource && { resourcePolicy: policies.get(asked.resource) }),
    ...(asked.session && { sessionPolicy: policies.get(asked.session) }),
    ...(asked.boundary && { permissionBoundaryPolicies: named(asked.boundary) }),
    ...(asked.endpoint && { vpcEndpointPolicies: named(asked.endpoint) }),
  }
}

const statements = (list) =>
  list.map((one) => ({ policy: one.policyId ?? '', sid: one.statement.sid?.() ?? '', index: one.statement.index?.() ?? 0 }))

function layer(analysis) {
  return analysis && {
    result: analysis.result,
    allow: statements(analysis.allowStatements ?? []),
    deny: statements(analysis.denyStatements ?? []),
  }
}

function answer(outcome) {
  if (outcome.resultType === 'error') return { error: outcome.errors }
  const result = outcome.resultType === 'single' ? outcome.result : outcome.results[0]
  const analysis = result?.analysis ?? {}
  return {
    result: outcome.overallResult,
    blockedBy: analysis.blockedBy ?? [],
    identity: layer(analysis.identityAnalysis),
    resource: layer(analysis.resourceAnalysis),
    boundary: layer(analysis.permissionBoundaryAnalysis),
    session: layer(analysis.sessionAnalysis),
    endpoint: layer(analysis.endpointAnalysis),
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line)
  for (const [key, document] of Object.entries(asked.policies ?? {})) policies.set(key, document)
  let out
  try {
    out = asked.simulation ? answer(await runSimulation(simulation(asked.simulation), {})) : {}
  } catch (error) {
    out = { error: { message: String(error) } }
  }
  process.stdout.write(JSON.stringify({ id: asked.id, ...out }) + '\n')
}
