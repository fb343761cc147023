# Sourced by script/test: the API's description is linted, then tried against the running server.

need_python_venv
if [ ! -x .venv/bin/schemathesis ] || ! .venv/bin/pip freeze 2>/dev/null | grep -qixF "$(cat tests/api/requirements.txt)"; then
  say "Installing schemathesis"
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/api/requirements.txt
fi
need_node
[ -x tests/api/node_modules/.bin/redocly ] || (cd tests/api && npm ci --silent --no-audit --no-fund)

say "The API's description"
curl -fsS "$THROUGHLINE_URL/openapi.json" >"$scratch/openapi.json"
if ! cmp -s <(python3 -m json.tool --indent 1 --sort-keys "$scratch/openapi.json") openapi/v1.json; then
  if [ "${UPDATE_OPENAPI:-}" = 1 ]; then
    mkdir -p openapi && python3 -m json.tool --indent 1 --sort-keys "$scratch/openapi.json" >openapi/v1.json
  else
    echo "openapi/v1.json is not what the server says; run UPDATE_OPENAPI=1 script/test and commit it" >&2; exit 1
  fi
fi
tests/api/node_modules/.bin/redocly lint --config tests/api/redocly.yaml openapi/v1.json 2>&1 | grep -v -E 'Node|^ *[╔║╚]' || true
tests/api/node_modules/.bin/redocly lint --config tests/api/redocly.yaml openapi/v1.json >/dev/null 2>&1

say "The API against its description"
(cd tests/api && SCHEMATHESIS_HOOKS=hooks.py ../../.venv/bin/schemathesis --config-file schemathesis.toml run \
  "$THROUGHLINE_URL/openapi.json" --header "Authorization: Bearer $THROUGHLINE_TOKEN" >"$scratch/schemathesis.log" 2>&1) || {
  sed -n '/= FAILURES =/,/= WARNINGS =/p; /= ERRORS =/,/= FAILURES =/p' "$scratch/schemathesis.log" | cut -c1-600 | head -n 150
  tail -n 20 "$scratch/schemathesis.log"; exit 1; }
cases=$(grep -oE '^ *[0-9]+ generated' "$scratch/schemathesis.log" | grep -oE '[0-9]+')
echo "$cases cases, no mismatch"
[ "$cases" -ge 2000 ] || { echo "fewer than 2,000 cases were tried" >&2; exit 1; }
