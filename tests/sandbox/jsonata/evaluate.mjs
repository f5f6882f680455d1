// Evaluates a JSON array of {expression, states} from standard input; answers with {value} or {error} for each.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const jsonata = createRequire(process.cwd() + "/")("jsonata");
const cases = JSON.parse(readFileSync(0, "utf8"));
const answers = [];
for (const { expression, states } of cases) {
  try {
    const value = await jsonata(expression).evaluate(undefined, { bound: states });
    answers.push(value === undefined ? { nothing: true } : { value });
  } catch (error) {
    answers.push({ error: error.code ?? String(error) });
  }
}
process.stdout.write(JSON.stringify(answers));
