// Imported for what it does: takes out of the environment what would decide tests instead of them, such as a key or a proxy of
// whoever runs them.

const VARIABLES = /^(https?_proxy|all_proxy|no_proxy|gemini_api_key|google_.*|node_extra_ca_certs)$/i;

for (const name of Object.keys(process.env)) if (VARIABLES.test(name)) delete process.env[name];
